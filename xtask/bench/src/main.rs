//! Measures the release binary, its job queue and its event log, and the plugin host. All load of a
//! server goes over HTTP, from this one process on one thread, so that the generator takes as little
//! as it can of the cores that it shares.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for people"
)]

mod bodies;
mod cases;
mod client;
mod database;
mod executor;
mod follower;
mod machine;
mod report;
mod scan;
mod server;
mod statistics;

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::{
    cases::{Case, Subject},
    report::Report,
    server::Environment,
};

/// Measures a built server.
#[derive(Parser)]
#[command(name = "bench", disable_version_flag = true)]
struct Arguments {
    /// What is measured.
    subject: Subject,
    /// The server's program.
    #[arg(long)]
    playhouse: PathBuf,
    /// Data directories are made here: it decides which disk is measured.
    #[arg(long)]
    work_dir: PathBuf,
    /// Measures on this PostgreSQL; a database `playhouse_bench` is made in it, again and again.
    #[arg(long)]
    database_url: Option<String>,
    /// The directory of a private Docker engine, for playgrounds.
    #[arg(long)]
    docker: Option<PathBuf>,
    /// Writes the results here, too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Measures these cases only.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Case>,
    /// How long one run of a case with a fixed time takes.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// How many runs of each case.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

fn main() -> ExitCode {
    match measure(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = run(arguments) => outcome,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        }
    })
}

async fn run(arguments: Arguments) -> Result<()> {
    let work_dir = arguments.work_dir.join(std::process::id().to_string());
    fs::create_dir_all(&work_dir).context("failed to make the work directory")?;
    let environment = Environment {
        playhouse: arguments.playhouse,
        work_dir,
        database_url: arguments.database_url,
        docker: arguments.docker,
        duration: Duration::from_secs_f64(arguments.seconds),
    };
    let mut report = Report::new(
        environment.database_url.is_some(),
        &environment,
        arguments.runs,
    )?;
    for case in Case::of(arguments.subject) {
        if arguments.only.is_empty() || arguments.only.contains(&case) {
            for run in 1..=case.runs(arguments.runs) {
                eprintln!("{case:?}: run {run}");
                let measured = case.measure(&environment).await;
                report.add(measured.with_context(|| format!("{case:?}, run {run}"))?);
            }
        }
    }
    println!("{report}");
    if let Some(path) = &arguments.json {
        fs::write(path, report.json()).context("failed to write the JSON file")?;
    }
    Ok(())
}
