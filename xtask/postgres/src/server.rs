//! A private PostgreSQL in a temporary directory: loopback, a port of its own, default durability.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::{
        fs::{DirBuilderExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{Uid, User};

use crate::programs;

const GUARD: &str = include_str!("guard.sh");

/// From here on ports are looked for. They lie below those that Linux gives out for
/// port 0, so no other process gets ours while the server is down.
const FIRST_PORT: u16 = 16_000;
const PORTS: u16 = 16_000;

/// A server, running unless it was stopped. Dropping it ends it and removes its directory.
pub struct Server {
    directory: PathBuf,
    user: Option<User>,
    port: u16,
    guard: Child,
    answers: BufReader<ChildStdout>,
}

impl Server {
    /// Starts one with further settings, each `name=value`.
    ///
    /// # Errors
    /// When PostgreSQL's programs are missing or fail.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let mut server = Self::prepare().context("failed to prepare a PostgreSQL server")?;
        server.set(&["listen_addresses='127.0.0.1'", "max_connections=200"])?;
        server.set(&[&format!(
            "unix_socket_directories='{}'",
            server.directory.display()
        )])?;
        server.set(settings)?;
        // Another process may take the free port before the server does.
        for _ in 0..3 {
            server.port = free_port()?;
            server.set(&[&format!("port={}", server.port)])?;
            if server.ask("start")? == "ready" {
                return Ok(server);
            }
        }
        bail!("PostgreSQL does not start; its log:\n{}", server.log())
    }

    /// `postgres://…` of its maintenance database, as superuser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://playhouse@127.0.0.1:{}/postgres", self.port)
    }

    /// Its port, the same after it was started again.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it at once, as if the power had failed. Afterwards it is gone.
    ///
    /// # Errors
    /// When its guard is gone.
    pub fn stop(&mut self) -> Result<()> {
        self.ask("stop").map(drop)
    }

    /// Starts it again, and waits until it has recovered.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_again(&mut self) -> Result<()> {
        match self.ask("start")?.as_str() {
            "ready" => Ok(()),
            _ => bail!("PostgreSQL does not start again; its log:\n{}", self.log()),
        }
    }

    /// Changes settings, each `name=value`, from its next start on.
    ///
    /// # Errors
    /// When its directory cannot be written.
    pub fn set(&self, settings: &[&str]) -> Result<()> {
        let path = self.directory.join("data/postgresql.conf");
        let mut file = fs::File::options().append(true).open(path)?;
        for setting in settings {
            writeln!(file, "{setting}")?;
        }
        Ok(())
    }

    /// Writes a file into its data directory that it alone may read, such as a key.
    ///
    /// # Errors
    /// When its directory cannot be written.
    pub fn put(&self, name: &str, text: &str) -> Result<()> {
        let path = self.directory.join("data").join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        give(&path, self.user.as_ref())
    }

    /// A new directory with everything that a server needs, and the guard over it.
    fn prepare() -> Result<Self> {
        let programs = programs().context(
            "PostgreSQL's programs are missing: `cargo xtask setup` installs them if it may",
        )?;
        let user = server_user()?;
        let directory = make_directory(user.as_ref())?;
        let data = directory.join("data");
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "sh"]).arg(&directory);
        guard.arg(programs.join("postgres")).arg("-D").arg(&data);
        // A group of its own: Ctrl-C is for us, the guard acts when we are gone.
        let guard = as_user(&mut guard, user.as_ref())
            .current_dir(&directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut guard = guard.context("failed to start sh")?;
        let answers = guard.stdout.take().context("the guard has no output")?;
        let server = Self {
            directory,
            user,
            port: 0,
            guard,
            answers: BufReader::new(answers),
        };
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.arg("-D").arg(&data).arg("--no-sync");
        initdb.args(["--auth=trust", "--username=playhouse"]);
        initdb.args(["--encoding=UTF8", "--locale=C.UTF-8"]);
        let made = as_user(&mut initdb, server.user.as_ref())
            .current_dir(&server.directory)
            .output()
            .context("failed to start initdb")?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        Ok(server)
    }

    /// Gives the guard a word and waits for its answer.
    fn ask(&mut self, word: &str) -> Result<String> {
        let input = self.guard.stdin.as_mut().context("the guard is gone")?;
        writeln!(input, "{word}").context("the guard is gone")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer.trim_end().to_owned())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // When this fails there is no guard to wait for.
        let _ = self.guard.wait();
    }
}

/// A free port of loopback, another one each time.
fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that start together begin at different places.
    let begin = u16::try_from(std::process::id() * 61 % u32::from(PORTS))?;
    for _ in 0..PORTS {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST_PORT + begin.wrapping_add(next) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port of loopback is free")
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`.
fn server_user() -> Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(user));
        }
    }
    bail!("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`")
}

fn as_user<'a>(command: &'a mut Command, user: Option<&User>) -> &'a mut Command {
    if let Some(user) = user {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

fn give(path: &Path, user: Option<&User>) -> Result<()> {
    if let Some(user) = user {
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(())
}

fn make_directory(user: Option<&User>) -> Result<PathBuf> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("playhouse-postgres-{}-{next}", std::process::id());
    let directory = env::temp_dir().join(name);
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&directory)
        .with_context(|| format!("failed to make {}", directory.display()))?;
    give(&directory, user)?;
    Ok(directory)
}
