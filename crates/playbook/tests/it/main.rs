//! The tests of the playbook language.

mod any_template;
mod check;
mod credentials;
mod hints;
mod limits;
mod load;
mod progress;
mod resolve;
mod runs;
mod steps;
mod templates;

use playbook::{Playbook, Problem};

/// A playbook that loads.
#[track_caller]
fn loaded(text: &str) -> Playbook {
    match playbook::parse(text) {
        Ok(loaded) => loaded.playbook,
        Err(problems) => panic!("{}\n{text}", lines(&problems)),
    }
}

/// A playbook with the given steps, and what else is given at its top.
fn with_steps(top: &str, steps: &str) -> String {
    format!("name: Test\nversion: '1'\n{top}steps:\n{steps}")
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
