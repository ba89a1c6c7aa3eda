//! `completions`.

use crate::{
    args::Completions,
    config,
    exit::{Exit, Failure},
    output::print_bytes,
};

pub(super) fn run(completions: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        completions.shell,
        &mut config::program(),
        "playhouse",
        &mut script,
    );
    print_bytes(&script)?;
    Ok(Exit::OK)
}
