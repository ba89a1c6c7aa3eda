//! A PostgreSQL server of a test's own, which it may kill and start again.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::{
        fs::{DirBuilderExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use nix::unistd::{Uid, User};

/// Cleans up when the pipe to the test closes, however the test ended. $1: programs, $2: directory.
const GUARD: &str = r#"
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1
cd / && rm -rf "$2"
"#;

pub(crate) struct Server {
    programs: PathBuf,
    directory: PathBuf,
    user: Option<User>,
    port: u16,
    /// Further options of its command line.
    options: String,
    guard: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        let (programs, user) = (programs(), server_user());
        let directory = make_directory(user.as_ref());
        let mut guard = Command::new("sh");
        guard
            .args(["-c", GUARD, "sh"])
            .arg(&programs)
            .arg(&directory);
        guard.stdin(Stdio::piped()).process_group(0);
        let guard = as_user(&mut guard, user.as_ref()).spawn().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Self {
            programs,
            directory,
            user,
            port,
            options: String::new(),
            guard,
        };
        let mut initdb = server.program("initdb");
        initdb.args([
            "-A",
            "trust",
            "-U",
            "playhouse",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        succeed(&mut initdb);
        server.start_again();
        server
    }

    /// The URL of its maintenance database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://playhouse@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// As if the power had failed.
    pub(crate) fn stop(&self) {
        succeed(self.program("pg_ctl").args(["-m", "immediate", "stop"]));
    }

    pub(crate) fn start_again(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} {}",
            self.port,
            self.directory.display(),
            self.options,
        );
        let mut start = self.program("pg_ctl");
        start
            .arg("-l")
            .arg(self.directory.join("log"))
            .args(["-w", "-o", &options, "start"]);
        succeed(&mut start);
    }

    /// From now on it offers TLS with this certificate and its key.
    pub(crate) fn offer_tls(&mut self, certificate: &str, key: &str) {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = self.directory.join("data").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some(user) = &self.user {
                chown(&path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
        }
        self.options = "-c ssl=on".to_owned();
        self.stop();
        self.start_again();
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.arg("-D").arg(self.directory.join("data"));
        command.current_dir(&self.directory);
        as_user(&mut command, self.user.as_ref());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        self.guard.wait().unwrap();
    }
}

/// The server that `pg_ctl` starts keeps what it inherits, so it inherits nothing.
fn succeed(command: &mut Command) {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// The directory with PostgreSQL's programs: PATH first, then where Debian has them.
fn programs() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    let mut places = env::split_paths(&path).chain(debian);
    let found = places.find_map(|place| {
        // Links are followed: the programs look for their neighbours where they really are.
        let initdb = fs::canonicalize(place.join("initdb")).ok()?;
        let real = initdb.parent()?.to_path_buf();
        let all = ["pg_ctl", "postgres"]
            .iter()
            .all(|name| real.join(name).is_file());
        all.then_some(real)
    });
    found.expect("PostgreSQL's programs are missing: `cargo xtask test` installs them")
}

/// PostgreSQL refuses to run as root.
fn server_user() -> Option<User> {
    if !Uid::effective().is_root() {
        return None;
    }
    let user = ["postgres", "nobody"]
        .iter()
        .find_map(|name| User::from_name(name).unwrap());
    Some(user.expect("a user `postgres` or `nobody`"))
}

fn as_user<'a>(command: &'a mut Command, user: Option<&User>) -> &'a mut Command {
    if let Some(user) = user {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

fn make_directory(user: Option<&User>) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("playhouse-store-{}-{next}", std::process::id());
    let directory: &Path = &env::temp_dir().join(name);
    fs::DirBuilder::new().mode(0o700).create(directory).unwrap();
    if let Some(user) = user {
        chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
    directory.to_path_buf()
}
