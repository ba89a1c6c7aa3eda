//! `executors` and `stats`.

use wire::executors::Registration;

use super::connection;
use crate::{
    args::ClientArgs,
    exit::{Exit, Failure},
    output::{print_bytes, print_json, print_table, say},
    table::{Table, or_dash},
};

pub(super) async fn executors(client: &ClientArgs) -> Result<Exit, Failure> {
    let executors = connection::open(&client.address)?.executors().await?;
    if client.format.json {
        print_json(&executors)?;
        return Ok(Exit::OK);
    }
    let header = [
        "NAME",
        "BUSY",
        "SLOTS",
        "ISOLATION",
        "COMPLETED",
        "LAST HEARD",
        "ADDRESS",
        "OFFERS",
        "LABELS",
        "JOB",
    ];
    let mut table = Table::new(&header);
    let mut suspended = Vec::new();
    for executor in executors {
        let registration = executor.registration.as_ref();
        let isolation =
            registration.map(|registration| match registration.isolation_missing.len() {
                0 => registration.isolation.clone(),
                missing => format!("{}, {missing} missing", registration.isolation),
            });
        if let Some(why) = registration.and_then(|registration| registration.suspended.clone()) {
            suspended.push(format!("{} is suspended: {why}", executor.executor_id));
        }
        table.row([
            executor.executor_id,
            executor.current_job_ids.len().to_string(),
            or_dash(registration.map(|registration| registration.slots)),
            or_dash(isolation),
            executor.jobs_completed.to_string(),
            executor.last_heartbeat.to_string(),
            or_dash(Some(executor.executor_ip).filter(|address| !address.is_empty())),
            or_dash(registration.and_then(offer)),
            or_dash(registration.and_then(labels)),
            or_dash(executor.current_job_id),
        ]);
    }
    let printed = print_table(&table, "no executors; start one with `playhouse executor`")?;
    suspended.iter().for_each(|line| say(line));
    Ok(printed)
}

/// What an executor offers to jobs that count some of it.
fn offer(registration: &Registration) -> Option<String> {
    let cpus = registration.cpus.map(|cpus| format!("{cpus} cpus"));
    let memory = registration.memory_mb.map(|memory| format!("{memory} MiB"));
    let all: Vec<String> = [cpus, memory].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The labels of an executor that jobs may require.
fn labels(registration: &Registration) -> Option<String> {
    let labels = registration.labels.iter();
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!labels.is_empty()).then(|| labels.join(" "))
}

pub(super) async fn stats(client: &ClientArgs) -> Result<Exit, Failure> {
    let stats = connection::open(&client.address)?.stats().await?;
    if client.format.json {
        print_json(&stats)?;
        return Ok(Exit::OK);
    }
    let count = |counts: &std::collections::BTreeMap<String, i64>, name: &str| {
        counts.get(name).copied().unwrap_or(0).to_string()
    };
    let mut table = Table::new(&["JOBS", "COUNT"]);
    let waiting = &stats.pending_by_priority;
    table.row([
        "pending".to_owned(),
        count(&stats.jobs_by_status, "pending"),
    ]);
    for priority in ["foreground", "background", "best_effort"] {
        table.row([format!("  {priority}"), count(waiting, priority)]);
    }
    for status in ["running", "completed", "failed", "cancelled"] {
        table.row([status.to_owned(), count(&stats.jobs_by_status, status)]);
    }
    print_bytes(table.text().as_bytes())?;
    let mut table = Table::bare();
    table.row([
        "active executors".to_owned(),
        stats.active_executors.to_string(),
    ]);
    print_bytes(format!("\n{}", table.text()).as_bytes())?;
    Ok(Exit::OK)
}
