//! Commands that hand over to other programs: the test runner, the bench program, the generator.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};

use private_docker::{DIRECTORY_VARIABLE, Engine};
use private_postgres::{Server, URL_VARIABLE};

use crate::{
    plugins, printed,
    process::{cargo, succeed, target_dir, works},
    setup,
};

/// Settings as the peers in the comparison had them.
const BENCH_POSTGRES: [&str; 1] = ["shared_buffers=512MB"];

/// How long the tests of random bytes go on, see the crate `fuzz`.
pub(crate) const FUZZ_SECONDS: &str = "PLAYHOUSE_FUZZ_SECONDS";

/// The packages whose tests use a Docker engine.
const DOCKER_USERS: [&str; 4] = ["docker", "executor", "cli", "server"];

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The job queue, at the server's default durability.
    Queue(Measured),
    /// The event log: from a commit to its readers.
    Events(Measured),
    /// Calls of plugins in the host, without a queue.
    Plugins(Measured),
    /// Lists of runs of every kind, among a million.
    Runs(Measured),
    /// One part after another of one run: the cost with few and with many earlier parts.
    Parts(Measured),
    /// Executions of playbooks, and the same lists of steps by ansible-core and DBOS for Python, which are installed
    /// from the registry into the target directory.
    Playbooks(Measured),
    /// Playgrounds on a private Docker engine: create and rollout beside the compose tool, the router beside nginx,
    /// waking beside a bare start, a hundred that idle.
    Playgrounds(Measured),
}

#[derive(Args)]
pub(crate) struct Measured {
    /// Starts a private PostgreSQL and measures on it, instead of on the embedded SQLite.
    #[arg(long, conflicts_with = "database_url")]
    postgres: bool,
    /// Measures on this PostgreSQL; a database `playhouse_bench` is made in it, again and again.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Writes the results here, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures this case only; may be given several times. An unknown name lists all.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// How long one run of a case with a fixed time takes.
    #[arg(long, default_value = "10")]
    seconds: String,
    /// How many runs of each case.
    #[arg(long, default_value = "3")]
    runs: String,
}

/// All tests, on both databases; those of random bytes for so many seconds each.
pub(crate) fn test(arguments: &[String], fuzz_seconds: u64) -> Result<()> {
    // The tests of the binary call the example plugins.
    if scope(arguments).is_some() || arguments.iter().any(|argument| argument == "cli") {
        plugins::run(&[])?;
    }
    setup::browser()?;
    let postgres = postgres(&[])?;
    let docker = docker(arguments)?;
    let environment = |command: &mut Command| {
        command.env(URL_VARIABLE, postgres.url());
        command.env(FUZZ_SECONDS, fuzz_seconds.to_string());
        if let Some(docker) = &docker {
            command.env(DIRECTORY_VARIABLE, docker.location().directory());
        }
    };
    if works(&mut cargo(["nextest", "--version"])) {
        let mut command = cargo(["nextest", "run"]);
        command.args(scope(arguments)).args(arguments);
        environment(&mut command);
        nextest(&mut command)
    } else {
        let mut command = cargo(["test", "--no-fail-fast"]);
        command.args(scope(arguments)).args(arguments);
        if !arguments.iter().any(|argument| argument == "--") {
            command.arg("--");
        }
        // Otherwise it keeps what passed to itself.
        command.arg("--show-output");
        environment(&mut command);
        let (text, succeeded) = printed::heard(&mut command)?;
        printed::check(&text, "what stands above")?;
        ensure!(succeeded, "the tests failed");
        Ok(())
    }
}

/// Runs the tests, and looks through what they printed: what failed may have told too much as well.
fn nextest(command: &mut Command) -> Result<()> {
    let report = target_dir()?.join("nextest/default/junit.xml");
    if report.exists() {
        fs::remove_file(&report).context("failed to remove an old report")?;
    }
    let tested = succeed(command);
    // Without a report nothing ran, and cargo has said why.
    if tested.is_ok() || report.exists() {
        let text = fs::read_to_string(&report).context("failed to read what the tests printed")?;
        printed::check(&text, &report.display().to_string())?;
    }
    tested
}

/// A private Docker engine, if a package that uses it is tested; installs it when it may.
fn docker(arguments: &[String]) -> Result<Option<Engine>> {
    let named = |argument: &String| DOCKER_USERS.iter().any(|user| argument.ends_with(user));
    if scope(arguments).is_none() && !arguments.iter().any(named) {
        return Ok(None);
    }
    let compose = setup::docker()?;
    Engine::start(&compose, &sample()?).map(Some)
}

/// The web service of an image for tests; linked statically, as there is no library in the image.
pub(crate) fn sample() -> Result<PathBuf> {
    let mut command = cargo(["rustc", "--package", "private-docker", "--bin", "sample"]);
    command.args([
        "--features",
        "sample",
        "--",
        "-C",
        "target-feature=+crt-static",
    ]);
    succeed(&mut command)?;
    Ok(target_dir()?.join("debug/sample"))
}

/// A private server; installs PostgreSQL when it may.
pub(crate) fn postgres(settings: &[&str]) -> Result<Server> {
    setup::postgres()?;
    Server::start(settings)
}

/// Cargo ignores `--package` beside `--workspace`.
fn scope(arguments: &[String]) -> Option<&'static str> {
    let package = |argument: &String| {
        argument.starts_with("-p") || argument == "--package" || argument.starts_with("--package=")
    };
    (!arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(package))
    .then_some("--workspace")
}

/// Writes or checks the generated documents.
pub(crate) fn generate(check: bool) -> Result<()> {
    let mut command = cargo(["run", "--quiet", "--package", "generate", "--"]);
    command.args(check.then_some("--check"));
    succeed(&mut command)
}

/// Checks them with the program that a build of the whole workspace left behind.
pub(crate) fn check_generated() -> Result<()> {
    succeed(Command::new(target_dir()?.join("debug/generate")).arg("--check"))
}

/// Builds server and load generator in release mode, then measures.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    let (subject, measured) = match bench {
        Bench::Queue(measured) => ("queue", measured),
        Bench::Events(measured) => ("events", measured),
        Bench::Plugins(measured) => ("plugins", measured),
        Bench::Runs(measured) => ("runs", measured),
        Bench::Parts(measured) => ("parts", measured),
        Bench::Playbooks(measured) => ("playbooks", measured),
        Bench::Playgrounds(measured) => ("playgrounds", measured),
    };
    // Two builds: together they would share features, and the server would not be the shipped one.
    succeed(&mut cargo(["build", "--release", "--package", "cli"]))?;
    succeed(&mut cargo(["build", "--release", "--package", "bench"]))?;
    let target = target_dir()?;
    let mut command = Command::new(target.join("release/bench"));
    command
        .arg(subject)
        .arg("--playhouse")
        .arg(target.join("release/playhouse"));
    command.arg("--work-dir").arg(target.join("bench"));
    command.args(["--seconds", &measured.seconds, "--runs", &measured.runs]);
    let server = measured
        .postgres
        .then(|| postgres(&BENCH_POSTGRES))
        .transpose()?;
    if let Some(url) = server
        .as_ref()
        .map(Server::url)
        .or_else(|| measured.database_url.clone())
    {
        command.args(["--database-url", &url]);
    }
    let engine = match bench {
        Bench::Playgrounds(_) => {
            setup::load_programs()?;
            Some(Engine::start(&setup::docker()?, &sample()?)?)
        }
        _ => None,
    };
    if let Some(engine) = &engine {
        command.arg("--docker").arg(engine.location().directory());
    }
    for case in &measured.only {
        command.args(["--only", case]);
    }
    if let Some(file) = &measured.json {
        command.arg("--json").arg(file);
    }
    succeed(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_package_narrows_the_scope() {
        let scope_of = |arguments: &[&str]| {
            scope(
                &arguments
                    .iter()
                    .map(|one| String::from(*one))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(scope_of(&[]), Some("--workspace"));
        assert_eq!(scope_of(&["claim"]), Some("--workspace"));
        assert_eq!(scope_of(&["-p", "store"]), None);
        assert_eq!(scope_of(&["--package=store"]), None);
        assert_eq!(scope_of(&["--", "-p"]), Some("--workspace"));
    }
}
