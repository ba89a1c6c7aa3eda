//! Follows a plugin job's events to its end, over lost connections and restarts of the server.

use std::{pin::pin, time::Duration};

use futures_util::StreamExt;
use wire::{
    client::{Client, Error},
    executors::LogLine,
    plugin_jobs::{Job, JobEvent},
};

use crate::{
    commands::connection::{Absence, hold_on},
    exit::Failure,
    output::say,
    table::plain,
};

/// The ended job. `loud` says what happens on the way, on standard error.
pub(super) async fn ended_job(
    client: &Client,
    id: &str,
    loud: bool,
    timeout: Duration,
) -> Result<Job, Failure> {
    let mut absence = Absence::new(timeout);
    let mut last = None;
    loop {
        let error = match connection(client, id, loud, &mut last, &mut absence).await {
            Ok(()) => {
                let job = hold_on(timeout, || client.plugin_job(id)).await?;
                if job.result.is_some() {
                    return Ok(job);
                }
                Error::Unreachable("the events broke off".to_owned())
            }
            Err(error) => error,
        };
        absence.wait(error).await?;
    }
}

/// What comes over one connection, until it ends.
async fn connection(
    client: &Client,
    id: &str,
    loud: bool,
    last: &mut Option<String>,
    absence: &mut Absence,
) -> Result<(), Error> {
    let events = client.follow_plugin_job(id, last.as_deref()).await?;
    let mut events = pin!(events);
    while let Some(event) = events.next().await {
        let (number, event) = event?;
        absence.over();
        *last = Some(number);
        if loud {
            tell(&event);
        }
    }
    Ok(())
}

fn tell(event: &JobEvent) {
    let data = &event.data;
    let plugin = data.plugin_name.as_deref().unwrap_or_default();
    let error = data.error.as_ref().map_or("", |error| &error.message);
    let took = data
        .took_ms
        .map_or_else(String::new, |ms| format!(" in {ms} ms"));
    match event.event.as_str() {
        "pluginStart" => say(&format!("plugin {plugin} started")),
        "pluginComplete" => say(&format!("plugin {plugin} completed{took}")),
        "pluginSkip" => {
            let reason = data.reason.as_deref().unwrap_or_default();
            say(&format!("plugin {plugin} skipped: {}", plain(reason)));
        }
        "pluginError" => say(&format!("plugin {plugin} failed{took}: {}", plain(error))),
        _ => {}
    }
    data.logs.iter().flatten().for_each(tell_log);
}

fn tell_log(line: &LogLine) {
    let level = format!("{:?}", line.level).to_lowercase();
    say(&format!("  {level:>5}  {}", plain(&line.message)));
}
