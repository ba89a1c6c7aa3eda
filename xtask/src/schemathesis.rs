//! `cargo xtask schemathesis`: a real server is asked what its OpenAPI document allows and forbids, by a
//! program that knows nothing but the document.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use private_postgres::Server as Postgres;

use crate::{
    plugins,
    process::{cargo, output, root, succeed, target_dir},
    setup,
};

/// All that the document promises of an answer. `ignored_auth` is left out: it shows so many wrong keys
/// that it is answered 429, which it does not expect; the walk over routes and roles sees to that.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,unsupported_method";

/// Streams never end, WebSockets are not spoken, and a question waits for an executor that is not there;
/// `crates/server/tests/it` tries all of them. For the same
/// reason `xtask/schemathesis/hooks.py` keeps `follow` out of requests for logs.
const STREAMS: &str =
    "^(/api/events|/ws/.*|/(playground/jobs|api/runs)/.*/events|/api/executors/.*/doctor)$";

/// What is tried one after the other: the document's examples and what its limits suggest, requests that are
/// drawn, and sequences of them, in which one takes what another answered. A sequence costs as little as a
/// request, so more of them are drawn.
const PHASES: [(&str, u32); 2] = [("examples,coverage,fuzzing", 1), ("stateful", 4)];

/// How long one request may take, in seconds.
const PATIENCE: &str = "20";

/// Nothing that the server needs for its start takes so long unless something is wrong.
const START: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(crate) struct Schemathesis {
    /// What the requests are drawn from: the same number, the same requests but for those that depend on
    /// what was answered.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Requests drawn for each operation, beside those that the document's limits suggest.
    #[arg(long, default_value_t = 12)]
    examples: u32,
    /// Fails after so many seconds on one database.
    #[arg(long, default_value_t = 400)]
    seconds: u32,
}

impl Default for Schemathesis {
    fn default() -> Self {
        Self {
            seed: 1,
            examples: 12,
            seconds: 400,
        }
    }
}

/// Builds the server, then asks it, on SQLite and on PostgreSQL.
pub(crate) fn run(wanted: &Schemathesis) -> Result<()> {
    // With the features of the tests: what they have built is not built again.
    let build = ["build", "--locked", "--workspace", "--bins", "--tests"];
    succeed(&mut cargo(build))?;
    built(wanted)
}

/// Asks the server that a build of the whole workspace left behind.
pub(crate) fn built(wanted: &Schemathesis) -> Result<()> {
    let program = installed()?;
    setup::postgres()?;
    let postgres = Postgres::start(&[])?;
    let work = target_dir()?.join("schemathesis");
    println!(
        "seed {}; left out, because they never end: {STREAMS} and logs with `follow`",
        wanted.seed
    );
    for (name, database) in [("sqlite", None), ("postgres", Some(postgres.url()))] {
        println!("-- on {name}");
        let home = work.join(name);
        // What a run before left behind.
        if home.exists() {
            fs::remove_dir_all(&home).context("failed to empty the work directory")?;
        }
        fs::create_dir_all(&home).context("failed to make the work directory")?;
        let mut server = Server::start(&home, database.as_deref())?;
        let begun = Instant::now();
        for (phases, times) in PHASES {
            let left = Duration::from_secs(wanted.seconds.into()).saturating_sub(begun.elapsed());
            let drawn = wanted.examples.saturating_mul(times);
            let command = ask(&program, &server, wanted.seed, phases, drawn);
            bounded(command, &home, left)?;
            server.still_runs()?;
        }
        println!("-- {name} took {:.0?}", begun.elapsed());
    }
    Ok(())
}

fn ask(program: &Path, server: &Server, seed: u64, phases: &str, drawn: u32) -> Command {
    let url = format!("http://{}/api/openapi.json", server.address);
    let mut command = Command::new(program);
    command
        .args([
            "run",
            &url,
            "--checks",
            CHECKS,
            "--exclude-path-regex",
            STREAMS,
        ])
        .args(["--phases", phases])
        .args(["--header", &format!("X-API-Key: {}", server.key)])
        .args(["--generation-with-security-parameters", "false"])
        .args([
            "--generation-database",
            "none",
            "--continue-on-failure",
            "--no-color",
        ])
        .args(["--seed", &seed.to_string()])
        .args(["--max-examples", &drawn.to_string()])
        .args(["--request-timeout", PATIENCE, "--warnings", "off"])
        .args(["--suppress-health-check", "all"])
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", root().join("xtask/schemathesis"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Runs it; one that takes longer has failed.
fn bounded(mut command: Command, home: &Path, limit: Duration) -> Result<()> {
    let begun = Instant::now();
    let mut child = command
        .current_dir(home)
        .spawn()
        .context("failed to start schemathesis")?;
    loop {
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok(());
            }
            bail!("schemathesis has findings: it ended with {status}");
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("schemathesis did not end within {limit:?}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Where schemathesis is; installs it into `target` when it is not there.
fn installed() -> Result<PathBuf> {
    let wanted = root().join("xtask/schemathesis/requirements.txt");
    let environment = plugins::python_environment(&wanted, &target_dir()?)?;
    Ok(environment.join("bin/schemathesis"))
}

/// A server on a free port with an admin's key, killed when it is dropped.
struct Server {
    process: Child,
    address: String,
    key: String,
    log: PathBuf,
}

impl Server {
    fn start(home: &Path, database: Option<&str>) -> Result<Self> {
        let program = target_dir()?.join("debug/playhouse");
        let place = |command: &mut Command| {
            command.arg("--data-dir").arg(home.join("data"));
            if let Some(url) = database {
                command.args(["--database-url", url]);
            }
        };
        let mut create = Command::new(&program);
        create.args(["key", "create", "schemathesis", "--role", "admin"]);
        // Refused for its haste it would try nothing.
        create.args(["--requests-per-minute", "100000000"]);
        place(&mut create);
        let key = String::from_utf8(output(&mut create)?).context("a key is text")?;
        let free = TcpListener::bind("127.0.0.1:0").context("no free port")?;
        let address = free.local_addr()?.to_string();
        drop(free);
        let log = home.join("server.log");
        let mut serve = Command::new(&program);
        // Hooks may name a port of loopback without a listener, so that nothing is called.
        serve.args([
            "server",
            "--listen",
            &address,
            "--log",
            "warn",
            "--free-space",
            "0",
        ]);
        serve.args(["--allow-outbound", "127.0.0.0/8"]);
        place(&mut serve);
        let file = fs::File::create(&log).context("failed to make the server's log")?;
        serve.stdin(Stdio::null()).stderr(file);
        let process = serve.spawn().context("failed to start the server")?;
        let mut server = Self {
            process,
            address,
            key: key.trim().to_owned(),
            log,
        };
        let begun = Instant::now();
        while std::net::TcpStream::connect(&server.address).is_err() {
            server.still_runs()?;
            if begun.elapsed() > START {
                bail!(
                    "the server did not listen within {START:?}; see {}",
                    server.log.display()
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// A request must not end the server.
    fn still_runs(&mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("the server ended with {status}; see {}", self.log.display());
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
