//! The one binary.

mod args;
mod commands;
mod config;
mod exit;
mod logging;
mod otlp;
mod output;
mod signals;
mod table;

use std::{env, process::ExitCode};

use clap::{
    ArgMatches, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    args::Program,
    exit::{Exit, Failure},
};

/// The store's writer and the HTTP threads allocate and free small pieces all the time, and glibc
/// gives the memory back to the system after each batch.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Started by executors only: the process between the executor and one job's program. It must run
/// before any thread exists, and it is no command for people.
const SHIM: &str = "shim";

fn main() -> ExitCode {
    if env::args_os().nth(1).is_some_and(|first| first == SHIM) {
        return executor::shim::main(env::args_os().skip(2));
    }
    // Started by executors, too: one call of a shipped plugin.
    if env::args_os()
        .nth(1)
        .is_some_and(|first| first == shipped::COMMAND)
    {
        return shipped::main(env::args_os().skip(2));
    }
    let exit = run().unwrap_or_else(|failure| {
        let text = failure.text();
        if !text.is_empty() {
            output::say(&text);
        }
        failure.exit
    });
    ExitCode::from(exit.0)
}

fn run() -> Result<Exit, Failure> {
    let Program {
        command,
        log,
        log_format,
        ..
    } = parse()?;
    forget_secrets();
    let log = log.as_deref().unwrap_or(commands::default_log(&command));
    logging::start(log, log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("cannot start", &error))?;
    let end = runtime.block_on(commands::run(command));
    // Whatever is still blocked on a pipe must not hold the process up.
    runtime.shutdown_background();
    end
}

/// What was read of the environment and no program that this one starts is to find there. Called before there is a
/// second thread.
fn forget_secrets() {
    for name in args::secret::VARIABLES {
        #[expect(unsafe_code, reason = "the environment is shared by all threads")]
        // SAFETY: this is the only thread.
        unsafe {
            env::remove_var(name);
        }
    }
}

/// Reads the command line twice: the first reading finds the settings file, whose values are the
/// defaults of the second. Mistakes and `--help` end the process here.
fn parse() -> Result<Program, Failure> {
    let first = matches(config::program());
    let named = first.get_one::<std::path::PathBuf>("config");
    let program = config::apply(config::program(), named.map(std::path::PathBuf::as_path))?;
    let matches = matches(program);
    Ok(Program::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

/// Reads the command line; mistakes and `--help` end the process.
fn matches(program: clap::Command) -> ArgMatches {
    program.try_get_matches().unwrap_or_else(|mut error| {
        args::secret::hide(&mut error);
        let usage = error.get(ContextKind::Usage).map(ToString::to_string);
        let submit = usage.is_some_and(|usage| usage.contains("job submit"));
        // An argument for the program in the wrong place is the usual mistake.
        if submit
            && error.kind() == ErrorKind::UnknownArgument
            && error.get(ContextKind::Suggested).is_none()
        {
            let tip = "the program's own arguments come after `--`".into();
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        }
        error.exit()
    })
}
