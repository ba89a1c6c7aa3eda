//! The table of every state and command, and the diagram, generated from the rules.

mod sample;

use std::{collections::BTreeMap, fmt::Write};

use crate::{Command, Run, Status, step};

const NOW: i64 = 1_000_000;
const LEASE_MS: i64 = 30_000;

/// The page `docs/STATES.md`.
#[must_use]
pub fn states_markdown() -> String {
    let mut page = String::from(
        "# States of a run\n\nGenerated from `engine` by `cargo xtask generate`; do not edit.\n\n\
         Each cell is the state after the command of its row on a run in the state of its column, \
         with the events that are appended. A dash means that the command is refused and changes \
         nothing. Where the column does not say otherwise the run has another attempt left, no \
         retry policy and no open signal; the holder is the current one.\n\n",
    );
    let runs = sample::runs();
    let row = |page: &mut String, cells: Vec<String>| {
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    };
    let heads = runs.iter().map(|(name, _)| (*name).to_owned());
    row(
        &mut page,
        std::iter::once("command".to_owned()).chain(heads).collect(),
    );
    row(&mut page, vec!["---".to_owned(); runs.len() + 1]);
    for (name, command) in sample::commands() {
        let cells = runs.iter().map(|(_, run)| cell(run, &command));
        row(
            &mut page,
            std::iter::once(name.to_owned()).chain(cells).collect(),
        );
    }
    page.push_str(&diagram(&runs));
    page
}

fn cell(run: &Run, command: &Command) -> String {
    match step(run, command, NOW) {
        Err(_) => "-".to_owned(),
        Ok(change) => {
            let status = change.run.state.status();
            let events: Vec<&str> = change
                .events
                .iter()
                .map(|event| event.event_type.as_str())
                .collect();
            match events.as_slice() {
                [] => status.to_string(),
                events => format!("{status} ({})", events.join(", ")),
            }
        }
    }
}

/// Every edge between two states, with the commands that take it.
fn diagram(runs: &[(&str, Run)]) -> String {
    let mut edges: BTreeMap<(Status, Status), Vec<&str>> = BTreeMap::new();
    for (_, run) in runs {
        for (_, command) in sample::commands() {
            let Ok(change) = step(run, &command, NOW) else {
                continue;
            };
            let edge = (run.state.status(), change.run.state.status());
            let commands = edges.entry(edge).or_default();
            if !commands.contains(&command.name()) {
                commands.push(command.name());
            }
        }
    }
    let mut text = String::from("\n```mermaid\nstateDiagram-v2\n");
    for status in [Status::Held, Status::Scheduled, Status::Queued] {
        let _ = writeln!(text, "    [*] --> {status}: submit");
    }
    for ((from, to), commands) in edges {
        let _ = writeln!(text, "    {from} --> {to}: {}", commands.join(", "));
    }
    text + "```\n"
}
