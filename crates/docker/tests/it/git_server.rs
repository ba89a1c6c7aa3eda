//! Git over HTTP with passwords, by git's own CGI program.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use tempfile::TempDir;

/// A user name and a password in the form of the header: `me:secret word`.
const AUTHORIZATION: &str = "Basic bWU6c2VjcmV0IHdvcmQ=";
pub(crate) const PASSWORD: &str = "secret word";

/// A repository, and a server that shows it to those who know the password.
pub(crate) struct GitServer {
    pub(crate) directory: TempDir,
    port: u16,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

/// What the server saw while it was asked.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) authorized: usize,
    pub(crate) refused: usize,
    /// Processes in whose arguments or environment the password stood.
    pub(crate) leaks: Vec<String>,
}

impl GitServer {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            directory,
        };
        git(
            server.directory.path(),
            &["init", "--quiet", "--initial-branch=trunk", "work"],
        );
        server.commit("README", "first\n");
        let (seen, root) = (
            Arc::clone(&server.seen),
            server.directory.path().to_path_buf(),
        );
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, root) = (Arc::clone(&seen), root.clone());
                thread::spawn(move || serve(&stream.unwrap(), &root, &seen));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/work/.git", self.port)
    }

    /// An address that sends its callers to the repository.
    pub(crate) fn redirecting_url(&self) -> String {
        format!("http://127.0.0.1:{}/elsewhere/work/.git", self.port)
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// Commits a file, answers with the commit's id.
    pub(crate) fn commit(&self, name: &str, text: &str) -> String {
        fs::write(self.work().join(name), text).unwrap();
        git(&self.work(), &["add", "--all"]);
        git(&self.work(), &["commit", "--quiet", "--message", name]);
        git(&self.work(), &["rev-parse", "HEAD"])
    }
}

pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// One request a connection.
fn serve(mut stream: &TcpStream, root: &Path, seen: &Mutex<Seen>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or_default() == 0 {
        return;
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let header = |name: &str| {
        let found = headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or_default()];
    reader.read_exact(&mut body).unwrap();
    let authorized = header("authorization") == AUTHORIZATION;
    note(seen, authorized);
    let answer = if let Some(path) = target.strip_prefix("/elsewhere") {
        format!("HTTP/1.0 302 Found\r\nLocation: {path}\r\n\r\n").into_bytes()
    } else if !authorized {
        b"HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\n\r\n".to_vec()
    } else {
        backend(root, (method, target), &body, &header)
    };
    // A client that was killed does not read it.
    let _ = stream.write_all(&answer);
}

fn note(seen: &Mutex<Seen>, authorized: bool) {
    let mut seen = seen.lock().unwrap();
    if authorized {
        seen.authorized += 1;
        seen.leaks.extend(leaks());
    } else {
        seen.refused += 1;
    }
}

/// Git and its helpers that show the password to whoever lists processes.
fn leaks() -> Vec<String> {
    let shows = |path: &Path| {
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
        let shown =
            ["cmdline", "environ"].map(|file| fs::read(path.join(file)).unwrap_or_default());
        let all = shown.concat();
        let found = all
            .windows(PASSWORD.len())
            .any(|part| part == PASSWORD.as_bytes());
        (name.starts_with("git") && found).then(|| path.display().to_string())
    };
    let processes = fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| shows(&entry.unwrap().path()))
        .collect()
}

fn backend<'a>(
    root: &Path,
    (method, target): (&str, &str),
    body: &[u8],
    header: &impl Fn(&str) -> &'a str,
) -> Vec<u8> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut backend = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    backend.stdin.take().unwrap().write_all(body).unwrap();
    let output = backend.wait_with_output().unwrap().stdout;
    let head = output
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap();
    let headers = String::from_utf8_lossy(&output[..head]).into_owned();
    let status = headers
        .lines()
        .find_map(|line| line.strip_prefix("Status: "));
    let mut answer = format!("HTTP/1.0 {}\r\n", status.unwrap_or("200 OK")).into_bytes();
    answer.extend_from_slice(&output);
    answer
}
