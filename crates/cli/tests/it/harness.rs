//! Starts the real binary: commands that end, and servers on free ports with data directories of
//! their own, which are killed when they are dropped.

use std::{
    ffi::OsStr,
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

/// Nothing that a test waits for takes so long unless something is wrong.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The binary, with no settings but those that the test gives.
pub(crate) fn playhouse(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .current_dir(home);
    command
}

/// Runs a command that ends by itself, in a home directory of its own.
pub(crate) fn output<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let home = TempDir::new().expect("a temporary directory can be made");
    playhouse(home.path())
        .args(arguments)
        .output()
        .expect("the binary starts")
}

/// The exit code of an output.
pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8")
}

/// The command ended with this exit code.
#[track_caller]
pub(crate) fn exits(output: &Output, wanted: i32) {
    let (out, err) = (stdout(output), stderr(output));
    assert_eq!(code(output), Some(wanted), "{out}{err}");
}

/// The command wrote this to standard error.
#[track_caller]
pub(crate) fn says(output: &Output, text: impl AsRef<str>) {
    let said = stderr(output);
    assert!(said.contains(text.as_ref()), "{said}");
}

/// The command wrote this to standard output.
#[track_caller]
pub(crate) fn prints(output: &Output, text: impl AsRef<str>) {
    let printed = stdout(output);
    assert!(printed.contains(text.as_ref()), "{printed}");
}

/// Polls until `found` answers, at most until the deadline.
pub(crate) fn poll<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    poll_within(DEADLINE, what, found)
}

/// The same with a deadline of its own, for what is much work.
pub(crate) fn poll_within<T>(
    limit: Duration,
    what: &str,
    mut found: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(
            start.elapsed() < limit,
            "in {limit:?} this did not happen: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Polls until the condition holds.
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    poll(what, || condition().then_some(()));
}

/// A child process that does not outlive the test.
pub(crate) struct Process {
    child: Child,
    /// What it wrote to standard error.
    log: PathBuf,
}

impl Process {
    /// Starts the command; its standard error goes to the file `log`, appended.
    pub(crate) fn start(mut command: Command, log: PathBuf) -> Self {
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("the binary starts");
        Self { child, log }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id fits"))
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the process is there");
    }

    /// What it wrote to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).expect("the log is there")).into_owned()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        poll("the process ends", || self.ended())
    }

    /// Waits for its end, and answers the exit code and what it wrote to standard output. Only for
    /// processes that write little: nobody reads the pipe before the end.
    pub(crate) fn finish(&mut self) -> (Option<i32>, String) {
        let status = self.wait();
        let mut text = String::new();
        let mut pipe = self.child.stdout.take().expect("standard output is a pipe");
        pipe.read_to_string(&mut text)
            .expect("standard output is UTF-8");
        (status.code(), text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// `playhouse server` (or `dev`) on a free port, healthy.
pub(crate) struct Server {
    /// The process; replaced by a restart.
    pub(crate) process: Process,
    /// Its port, the same after a restart.
    pub(crate) port: u16,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    home: TempDir,
}

impl Server {
    /// Starts `playhouse server` with these further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_command("server", arguments)
    }

    /// The same, with environment variables.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(String, String)]) -> Self {
        Self::begin("server", arguments, variables)
    }

    /// Starts `server` or `dev`, and waits until it is healthy.
    pub(crate) fn start_command(command: &str, arguments: &[&str]) -> Self {
        Self::begin(command, arguments, &[])
    }

    fn begin(command: &str, arguments: &[&str], variables: &[(String, String)]) -> Self {
        let mut home = TempDir::new().expect("a temporary directory can be made");
        // Between this and the server's own bind somebody may take the port: then try another.
        for _ in 0..20 {
            let port = free_port();
            let mut all = vec![command.to_owned(), format!("--listen=127.0.0.1:{port}")];
            // `dev` has a place of its own, in the current directory.
            if command == "server" {
                all.push(format!("--data-dir={}", home.path().join("data").display()));
            }
            all.extend(arguments.iter().map(|&argument| argument.to_owned()));
            let process = Self::spawn(home.path(), &all, variables);
            let mut server = Self {
                process,
                port,
                arguments: all,
                variables: variables.to_vec(),
                home,
            };
            if server.becomes_healthy() {
                return server;
            }
            let log = server.process.stderr();
            assert!(log.contains("in use"), "the server ended:\n{log}");
            home = server.home;
        }
        panic!("no free port could be kept");
    }

    fn spawn(home: &Path, arguments: &[String], variables: &[(String, String)]) -> Process {
        let mut command = playhouse(home);
        command.args(arguments).envs(variables.to_vec());
        Process::start(command, home.join("server.log"))
    }

    /// Starts it again on the same port and data, after its process has ended.
    pub(crate) fn restart(&mut self) {
        self.process.wait();
        self.process = Self::spawn(self.home.path(), &self.arguments, &self.variables);
        assert!(
            self.becomes_healthy(),
            "the server ended:\n{}",
            self.process.stderr()
        );
    }

    /// Kills it with SIGKILL and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.process.signal(Signal::SIGKILL);
        self.process.wait();
    }

    /// False when the process ended instead.
    fn becomes_healthy(&mut self) -> bool {
        poll("the server is healthy", || {
            if self.process.ended().is_some() {
                return Some(false);
            }
            self.health().filter(|healthy| *healthy)
        })
    }

    /// What it says of itself; `None` when it does not answer, or when the status and the words of
    /// its answer do not agree.
    pub(crate) fn health(&self) -> Option<bool> {
        let answer = get(self.port, "/api/v1/health")?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        match (head.split(' ').nth(1)?, body) {
            ("200", r#"{"status":"healthy","database":"connected"}"#) => Some(true),
            ("500", r#"{"status":"unhealthy","database":"disconnected"}"#) => Some(false),
            _ => None,
        }
    }

    /// Whether it answers a GET with this status.
    pub(crate) fn answers(&self, path: &str, status: &str) -> bool {
        get(self.port, path).is_some_and(|answer| answer.split(' ').nth(1) == Some(status))
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A directory for the test's own files.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A client command against this server, not started yet.
    pub(crate) fn client(&self, arguments: &[&str]) -> Command {
        let mut command = playhouse(self.home());
        command.env("PLAYHOUSE_SERVER", self.url()).args(arguments);
        command
    }

    /// Runs a client command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.client(arguments).output().expect("the binary starts")
    }

    /// Starts a client command that the test watches; `name` is unique within the test.
    pub(crate) fn watch(&self, name: &str, arguments: &[&str]) -> Process {
        Process::start(
            self.client(arguments),
            self.home().join(format!("{name}.log")),
        )
    }

    /// A standalone executor of this server, not started yet; its directories go by its name.
    pub(crate) fn executor(&self, name: &str, arguments: &[&str]) -> Command {
        let place = |part: &str| {
            self.home()
                .join(format!("{name}-{part}"))
                .display()
                .to_string()
        };
        let mut command = self.client(&["executor", "--name", name]);
        command.args(["--work-dir", &place("work"), "--cache-dir", &place("cache")]);
        command.args(arguments);
        command
    }

    /// Writes a shell script and answers its path.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        let path = self.home().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script can be written");
        path.display().to_string()
    }
}

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A plain GET; the whole answer, or `None` when none came.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
