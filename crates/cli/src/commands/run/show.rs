//! `run get`.

use wire::runs::RunDetails;

use super::{list::labels, resolve};
use crate::{
    args::OneRun,
    commands::{
        connection,
        outcome::AnyJob,
        page::{seconds, took},
    },
    exit::{Exit, Failure},
    output::{print_bytes, print_json},
    table::{Table, or_dash},
};

pub(super) async fn run(get: OneRun) -> Result<Exit, Failure> {
    let client = connection::open(&get.client.address)?;
    let id = resolve::id(&client, &get.id).await?;
    let run = client.run(&id).await?;
    if get.client.format.json {
        print_json(&run)?;
        return Ok(Exit::OK);
    }
    let mut text = fields(&run).text();
    if !run.attempts.is_empty() {
        text.push('\n');
        text.push_str(&attempts(&run).text());
    }
    print_bytes(text.as_bytes())?;
    Ok(Exit::OK)
}

fn fields(run: &RunDetails) -> Table {
    let summary = &run.summary;
    let wait = run.wait.as_ref().map(|wait| {
        let until = wait.until.map(|at| format!(" until {}", seconds(at)));
        let then = wait.then.as_ref().map(|then| format!(", then {then}"));
        let reason = &wait.reason;
        format!(
            "{reason}{}{}",
            until.unwrap_or_default(),
            then.unwrap_or_default()
        )
    });
    let parts: Vec<String> = run
        .parts
        .iter()
        .map(|(stage, count)| format!("{count} {stage}"))
        .collect();
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let all = [
        ("id", Some(summary.id.clone())),
        ("kind", Some(summary.kind.clone())),
        ("name", Some(summary.name.clone())),
        ("status", Some(run.standing().to_owned())),
        ("error", run.error.clone()),
        ("exit code", run.exit_code.map(|code| code.to_string())),
        ("waits for", wait),
        ("parts", filled(parts.join(", "))),
        ("labels", filled(labels(summary))),
        ("parent", summary.parent.clone()),
        ("priority", Some(summary.priority.clone())),
        ("attempts", Some(summary.attempt.to_string())),
        (
            "failures",
            Some(format!("{} of {}", run.failure_count, run.max_attempts)),
        ),
        ("ready at", run.due_at.map(|at| seconds(at).to_string())),
        ("submitted", Some(seconds(summary.submitted_at).to_string())),
        (
            "started",
            summary.started_at.map(|at| seconds(at).to_string()),
        ),
        ("ended", summary.ended_at.map(|at| seconds(at).to_string())),
        ("you can", filled(run.controls.join(", "))),
    ];
    Table::of_fields(all)
}

fn attempts(run: &RunDetails) -> Table {
    let mut table = Table::new(&["ATTEMPT", "STATUS", "STARTED", "TOOK", "EXECUTOR", "WHY"]);
    for attempt in &run.attempts {
        table.row([
            attempt.number.to_string(),
            attempt.status.clone(),
            seconds(attempt.started_at).to_string(),
            or_dash(took(
                Some(seconds(attempt.started_at)),
                attempt.ended_at.map(seconds),
            )),
            attempt.executor.clone(),
            or_dash(attempt.error.clone()),
        ]);
    }
    table
}
