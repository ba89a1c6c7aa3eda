//! A server on a free port, and the commands that talk to it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{Process, exits, free_port, get, json, playhouse, poll, stdout};

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

    /// A directory that the jobs of standalone executors see: they wait there for files that the test writes.
    pub(crate) fn gates(&self) -> PathBuf {
        let gates = self.home().join("gates");
        std::fs::create_dir_all(&gates).expect("a directory can be made");
        gates
    }

    /// A client command against this server, not started yet.
    pub(crate) fn client(&self, arguments: &[&str]) -> Command {
        let mut command = playhouse(self.home());
        // Where the operator's token is.
        command.env("PLAYHOUSE_DATA_DIR", self.data_dir());
        command.env("PLAYHOUSE_SERVER", self.url()).args(arguments);
        command
    }

    /// Runs a client command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.client(arguments).output().expect("the binary starts")
    }

    /// What a client command prints with `--json`.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        exits(&output, 0);
        json(&output)
    }

    /// Submits a job with these arguments of `job submit`, and answers its id.
    #[track_caller]
    pub(crate) fn submit(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["job", "submit", "--detach"], arguments].concat());
        exits(&output, 0);
        stdout(&output).trim_end().to_owned()
    }

    /// A job as the server shows it.
    #[track_caller]
    pub(crate) fn job(&self, id: &str) -> Value {
        self.json(&["job", "get", id])
    }

    /// Runs a client command that shows a key.
    pub(crate) fn with_key(&self, key: &str, arguments: &[&str]) -> Output {
        let mut command = self.client(arguments);
        let command = command.env("PLAYHOUSE_KEY", key);
        command.output().expect("the binary starts")
    }

    /// Runs a command on the server's data directory, beside it.
    pub(crate) fn operate(&self, arguments: &[&str]) -> Output {
        let mut command = playhouse(self.home());
        let command = command.args(arguments);
        let command = command.arg("--data-dir").arg(self.data_dir());
        command.output().expect("the binary starts")
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
        command.arg("--allow-path").arg(self.gates());
        command.args(arguments);
        command
    }

    /// Starts a standalone executor.
    pub(crate) fn start_executor(&self, name: &str, arguments: &[&str]) -> Process {
        let log = self.home().join(format!("{name}.log"));
        Process::start(self.executor(name, arguments), log)
    }

    /// Writes a shell script and answers its path.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        let path = self.home().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script can be written");
        path.display().to_string()
    }
}
