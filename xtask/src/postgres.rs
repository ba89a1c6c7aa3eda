//! A private PostgreSQL in a temporary directory: loopback, a free port, default durability.
//!
//! A small shell is its parent. It holds one end of a pipe to us, and when that closes, however we
//! ended, it stops the server and removes the directory. So there is one way to clean up, which
//! also serves Ctrl-C and SIGKILL.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::{
        fs::{DirBuilderExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{Uid, User};

use crate::{process::output, setup::postgres_programs};

const START_LIMIT: Duration = Duration::from_secs(60);

/// $1: directory, the rest: the server's command line.
const GUARD: &str = r#"
dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
wait "$server"
cd / && rm -rf "$dir"
"#;

/// A running server. Dropping it stops the server and removes its directory.
pub(crate) struct Postgres {
    guard: Child,
    port: u16,
}

impl Postgres {
    /// Starts it with further settings, each `name=value`.
    pub(crate) fn start(settings: &[&str]) -> Result<Self> {
        let programs = postgres_programs()?;
        let mut failure = None;
        // Another process may take the free port before the server does.
        for attempt in 0..3 {
            match Self::try_start(&programs, attempt, settings) {
                Ok(started) => return Ok(started),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.context("no attempt was made")?).context("failed to start PostgreSQL")
    }

    /// `postgres://…` of its maintenance database, as superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://playhouse@127.0.0.1:{}/postgres", self.port)
    }

    fn try_start(programs: &Path, attempt: u32, settings: &[&str]) -> Result<Self> {
        let user = server_user()?;
        let dir = make_dir(attempt, user.as_ref())?;
        let data = dir.join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.arg("-D").arg(&data);
        initdb.args([
            "-A",
            "trust",
            "-U",
            "playhouse",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        if let Err(error) = output(as_user(&mut initdb, user.as_ref()).current_dir(&dir)) {
            fs::remove_dir_all(&dir)?;
            return Err(error);
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut guard = Command::new("sh");
        guard
            .args(["-c", GUARD, "sh"])
            .arg(&dir)
            .arg(programs.join("postgres"))
            .arg("-D")
            .arg(&data);
        guard.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        guard
            .arg("-c")
            .arg(format!("unix_socket_directories={}", dir.display()));
        guard.args(["-c", "max_connections=200"]);
        for setting in settings {
            guard.args(["-c", setting]);
        }
        // A group of its own: Ctrl-C is for us, the guard acts when we are gone.
        as_user(&mut guard, user.as_ref())
            .current_dir(&dir)
            .process_group(0)
            .stdin(Stdio::piped());
        let started = Self {
            guard: guard.spawn().context("failed to start sh")?,
            port,
        };
        started.wait_until_ready(&dir)?;
        Ok(started)
    }

    /// The server writes `ready` into the last line of its pid file.
    fn wait_until_ready(&self, dir: &Path) -> Result<()> {
        let begun = Instant::now();
        loop {
            let state = fs::read_to_string(dir.join("data/postmaster.pid")).unwrap_or_default();
            if state
                .lines()
                .last()
                .is_some_and(|line| line.trim() == "ready")
            {
                return Ok(());
            }
            let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
            if begun.elapsed() > START_LIMIT || log.contains("FATAL:") {
                bail!(
                    "it is not ready after {:?}; its log:\n{log}",
                    begun.elapsed()
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("failed to wait for PostgreSQL's end: {error}");
        }
    }
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

fn make_dir(attempt: u32, user: Option<&User>) -> Result<PathBuf> {
    let name = format!("playhouse-postgres-{}-{attempt}", std::process::id());
    let dir = env::temp_dir().join(name);
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&dir)
        .with_context(|| format!("failed to make {}", dir.display()))?;
    if let Some(user) = user {
        chown(&dir, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(dir)
}
