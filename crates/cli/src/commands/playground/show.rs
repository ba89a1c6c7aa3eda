//! Playgrounds for people.

use std::fmt::Write;

use wire::{
    executors::operations::OperationFailure,
    playgrounds::{Playground, ServiceUrlState},
};

use super::connection;
use crate::{
    args::{ClientArgs, OnePlayground},
    exit::{Exit, Failure},
    output::{print_bytes, print_json, print_table, say},
    table::{Table, or_dash, plain},
};

/// Lines of a failed service that are shown.
const LINES: usize = 10;

pub(super) async fn list(client: &ClientArgs) -> Result<Exit, Failure> {
    let list = connection::open(&client.address)?.playgrounds().await?;
    if client.format.json {
        for one in &list {
            print_json(one)?;
        }
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["ID", "NAME", "STATUS", "PLAYSPEC", "EXPIRES"]);
    for one in list {
        table.row([
            one.id.to_string(),
            one.name,
            one.status,
            one.playspec_name,
            or_dash(one.expires_at),
        ]);
    }
    let empty = "no playgrounds; bring one up with `playhouse playground up` in a folder with a Compose file";
    print_table(&table, empty)
}

pub(super) async fn status(one: &OnePlayground) -> Result<Exit, Failure> {
    let client = connection::open(&one.client.address)?;
    let playground = client.playground(&one.id).await?;
    if one.client.format.json {
        print_json(&playground)?;
        return Ok(Exit::OK);
    }
    print_bytes(text(&playground).as_bytes())?;
    say_failure(
        playground.error_message.as_deref(),
        playground.error_details.as_ref(),
    );
    Ok(Exit::OK)
}

pub(super) async fn stats(one: &OnePlayground) -> Result<Exit, Failure> {
    let stats = connection::open(&one.client.address)?
        .playground_stats(&one.id)
        .await?;
    if one.client.format.json {
        for service in &stats {
            print_json(service)?;
        }
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["SERVICE", "CPU", "MEMORY", "LIMIT", "PROCESSES"]);
    let mebibytes = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
    for service in stats {
        let limit = (service.memory_limit_bytes > 0).then_some(service.memory_limit_bytes);
        table.row([
            service.name,
            // Thousandths of a processor.
            format!("{}.{} %", service.cpu_millis / 10, service.cpu_millis % 10),
            mebibytes(service.memory_bytes),
            or_dash(limit.map(mebibytes)),
            service.pids.to_string(),
        ]);
    }
    print_table(&table, "no service has a container that runs")
}

fn text(playground: &Playground) -> String {
    let summary = &playground.summary;
    let revision = playground.revision.map(|number| number.to_string());
    let fields = Table::of_fields([
        ("id", Some(summary.id.to_string())),
        ("name", Some(summary.name.clone())),
        ("status", Some(summary.status.clone())),
        ("playspec", Some(summary.playspec_name.clone())),
        ("playroom", Some(playground.playroom_name.clone())),
        ("project", Some(playground.compose_project.clone())),
        ("revision", revision),
        ("expires", summary.expires_at.map(|at| at.to_string())),
        (
            "changes",
            playground
                .needs_recreation
                .then(|| "what runs is older than what is wanted: roll it out".to_owned()),
        ),
    ]);
    let mut services = Table::new(&["SERVICE", "STATUS", "HEALTH", "URL"]);
    for service in &playground.services {
        let url = playground.service_urls.iter();
        let url = url.filter(|one| one.url.name == service.name);
        let url: Vec<&str> = url.map(|one| one.url.url.as_str()).collect();
        services.row([
            service.name.clone(),
            service.status.clone(),
            or_dash(service.health.clone()),
            or_dash(Some(url.join(" ")).filter(|url| !url.is_empty())),
        ]);
    }
    match services.has_rows() {
        true => format!("{}\n{}", fields.text(), services.text()),
        false => fields.text(),
    }
}

/// Where services are reached, a line each.
pub(super) fn urls(urls: &[ServiceUrlState]) -> String {
    let mut table = Table::bare();
    for one in urls {
        table.row([one.url.name.clone(), one.url.url.clone()]);
    }
    table.text()
}

/// Says why an operation failed, and what can be done.
pub(super) fn say_failure(message: Option<&str>, failure: Option<&OperationFailure>) {
    let Some(failure) = failure else {
        if let Some(message) = message {
            say(&format!("error: {}", plain(message)));
        }
        return;
    };
    let mut text = format!("error: {}", plain(&failure.message));
    if let Some(service) = &failure.failed_service {
        let _ = write!(text, "\n  service: {}", plain(service));
    }
    let first = failure.lines.len().saturating_sub(LINES);
    for line in &failure.lines[first..] {
        let _ = write!(text, "\n  | {}", plain(line));
    }
    for action in &failure.next_actions {
        let _ = write!(text, "\n  {}", plain(action));
    }
    if failure.undone {
        text.push_str("\n  everything is as it was before");
    }
    say(&text);
}
