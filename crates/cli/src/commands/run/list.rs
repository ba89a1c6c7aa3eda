//! `run list`.

use clap::ValueEnum;
use wire::runs::{RunQuery, RunSummary};

use super::resolve;
use crate::{
    args::{ListRuns, word},
    commands::{
        connection,
        page::{seconds, took},
    },
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash},
};

/// What the server gives at most in one page.
const PAGE_MAX: u32 = 1_000;

pub(super) async fn run(list: ListRuns) -> Result<Exit, Failure> {
    let client = connection::open(&list.address)?;
    let mut query = query(&list);
    if let Some(parent) = &list.parent {
        query.parent = Some(resolve::id(&client, parent).await?);
    }
    let is_filtered = query
        .parameters()
        .into_iter()
        .any(|(_, value)| value.is_some());
    let (mut runs, mut left) = (Vec::new(), list.limit);
    // Pages may be short although others follow.
    loop {
        query.limit = Some(i64::from(left.min(PAGE_MAX)));
        let (page, next) = client.runs(&query).await?;
        left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
        if list.json {
            page.iter().try_for_each(print_json)?;
        }
        runs.extend(page);
        query.cursor = next;
        if query.cursor.is_none() || left == 0 {
            break;
        }
    }
    if list.json {
        return Ok(Exit::OK);
    }
    if runs.is_empty() {
        say(if is_filtered {
            "no such runs"
        } else {
            "no runs; submit one with `playhouse job submit ./program`"
        });
        return Ok(Exit::OK);
    }
    print_bytes(table(&runs).text().as_bytes())?;
    if let Some(cursor) = query.cursor {
        say(&format!("there are more: --cursor {cursor}"));
    }
    Ok(Exit::OK)
}

fn query(list: &ListRuns) -> RunQuery {
    let labels = list.label.iter();
    let labels = labels.map(|(name, value)| format!("{name}={value}"));
    RunQuery {
        kind: words(&list.kind),
        status: words(&list.status),
        name: list.name.clone(),
        label: labels.collect(),
        text: list.text.clone(),
        parent: None,
        since: list.since.map(|time| time.to_string()),
        until: list.until.map(|time| time.to_string()),
        cursor: list.cursor.clone(),
        limit: None,
    }
}

fn words(values: &[impl ValueEnum]) -> Option<String> {
    let words: Vec<String> = values.iter().map(word).collect();
    (!words.is_empty()).then(|| words.join(","))
}

fn table(runs: &[RunSummary]) -> Table {
    let mut table = Table::new(&[
        "ID",
        "KIND",
        "NAME",
        "STATUS",
        "SUBMITTED",
        "TOOK",
        "LABELS",
    ]);
    for run in runs {
        let status = match run.waiting_for.as_deref() {
            Some("operator") => "paused".to_owned(),
            Some(reason) => format!("waiting for {reason}"),
            None => run.status.clone(),
        };
        table.row([
            run.id.clone(),
            run.kind.clone(),
            run.name.clone(),
            status,
            seconds(run.submitted_at).to_string(),
            or_dash(took(run.started_at.map(seconds), run.ended_at.map(seconds))),
            labels(run),
        ]);
    }
    table
}

pub(super) fn labels(run: &RunSummary) -> String {
    let labels = run.labels.iter();
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    labels.join(" ")
}
