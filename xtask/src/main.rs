//! The project's own commands: `cargo xtask ci | test | schemathesis | bench | tidy | sim | kill | load | fuzz |
//! mutants | plugins | page-script | generate | setup`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for people"
)]

mod ci;
mod longer;
mod mutants;
mod page_script;
mod plugins;
mod printed;
mod process;
mod runner;
mod schemathesis;
mod setup;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that a change has to pass, with the time that each step took.
    Ci,
    /// Starts a private PostgreSQL and a private Docker engine, runs all tests, ends both. Installs them when
    /// it may.
    Test {
        /// Given to the test runner (nextest if it is installed, else `cargo test`).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Asks a real server whatever its OpenAPI document allows and forbids, on both databases.
    Schemathesis(schemathesis::Schemathesis),
    /// Runs more seeds of the simulation than `test` does, or one seed again.
    Sim(longer::Sim),
    /// Kills the server, and PostgreSQL, under load in more rounds than `test` does.
    Kill(longer::Kill),
    /// Rolls a playground out again and again under requests, streams, sockets and uploads of 20 seconds.
    Load(longer::Load),
    /// Gives random bytes to every parser of what others write, an hour each.
    Fuzz(longer::Fuzz),
    /// Changes the pure crates that decide, `engine`, `playbook` and `playground`, in small ways and counts how
    /// many changes their own tests notice. Fails below 95 % of `engine`, 90 % of the others. Installs
    /// cargo-mutants when it is missing; takes hours.
    Mutants(mutants::Mutants),
    /// Builds the plugins in `plugins/` into `target/plugins/NAME`, ready to be installed. Installs the
    /// toolchains that are missing when it may; what did not change is not built again.
    Plugins {
        /// These only [default: all].
        names: Vec<String>,
    },
    /// Builds the script that the crate `browser` puts into pages, by npm.
    PageScript(page_script::PageScript),
    /// Checks the rules of the house: crate edges, licences, banned crates, files, links.
    Tidy,
    /// Writes the generated documents.
    Generate {
        /// Writes nothing, fails if a document is not fresh.
        #[arg(long)]
        check: bool,
    },
    /// Measures the release build over HTTP.
    Bench {
        #[command(subcommand)]
        subject: runner::Bench,
    },
    /// Installs what the tests need and is missing.
    Setup,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Ci => ci::run(),
        Command::Test { arguments } => runner::test(&arguments, 3),
        Command::Schemathesis(wanted) => schemathesis::run(&wanted),
        Command::Sim(sim) => longer::sim(&sim),
        Command::Kill(kill) => longer::kill(&kill),
        Command::Load(load) => longer::load(&load),
        Command::Fuzz(fuzz) => longer::fuzz(&fuzz),
        Command::Mutants(mutants) => mutants::run(&mutants),
        Command::Plugins { names } => plugins::run(&names),
        Command::PageScript(wanted) => page_script::run(&wanted),
        Command::Tidy => tidy::run(),
        Command::Generate { check } => runner::generate(check),
        Command::Bench { subject } => runner::bench(&subject),
        Command::Setup => {
            println!("PostgreSQL: {}", setup::postgres()?.display());
            println!("Docker Compose: {}", setup::docker()?.display());
            setup::browser()?;
            Ok(())
        }
    }
}
