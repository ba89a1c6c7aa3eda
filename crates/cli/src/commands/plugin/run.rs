//! `plugin run`.

use std::{path::Path, sync::Arc};

use plugin::{
    CancellationToken, Cause, Context, Failure as Failed, JsonText, Logs, Plugin, PluginOutcome,
};
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::Shed;
use crate::{
    args::RunPlugin,
    commands::{input, place},
    exit::{Exit, Failure},
    output::{print_json, say},
    signals::StopSignals,
    table::plain,
};

/// What a call left, as programs read it.
#[derive(Serialize)]
struct PrintedCall<'a> {
    metric: &'a JsonText,
    output: Option<&'a JsonText>,
    storage: &'a plugin::Changes,
    summary: Option<&'a JsonText>,
    took_ms: u64,
}

pub(super) async fn run(call: RunPlugin) -> Result<Exit, Failure> {
    let mut signals = StopSignals::new()?;
    let plugin = find(&call).await?;
    let context = Context {
        job_id: "none".to_owned(),
        input: input::read(&call.input)?,
        debug: call.debug,
        ..Context::default()
    };
    let shed = Shed::open(call.isolation).await?;
    let cancel = CancellationToken::new();
    let end = tokio::select! {
        exit = signals.next() => Err(exit),
        end = perform(&plugin, &context, &shed, &cancel) => Ok(end),
    };
    shed.close().await;
    match end {
        Err(exit) => Ok(exit),
        Ok(Ok((outcome, summary))) => {
            tell_logs(&outcome.logs);
            if call.format.json {
                let took_ms = u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX);
                print_json(&PrintedCall {
                    metric: &outcome.metric,
                    output: outcome.output.as_ref(),
                    storage: &outcome.storage,
                    summary: summary.as_ref(),
                    took_ms,
                })?;
            } else {
                print_json(&outcome.metric)?;
                if let Some(summary) = summary {
                    say(&format!("summary: {}", plain(&summary.to_string())));
                }
            }
            Ok(Exit::OK)
        }
        Ok(Err(failed)) => {
            tell_logs(&failed.logs);
            let exit = match failed.cause {
                Cause::Input { .. } => Exit::USAGE,
                Cause::Timeout { .. } => Exit::JOB_TIMED_OUT,
                _ => Exit::JOB_FAILED,
            };
            Err(Failure::new(exit, plain(&failed.to_string())))
        }
    }
}

async fn perform(
    plugin: &Plugin,
    context: &Context,
    shed: &Shed,
    cancel: &CancellationToken,
) -> Result<(PluginOutcome, Option<JsonText>), Failed> {
    let limits = &plugin.manifest().limits;
    let outcome = plugin
        .execute(context, limits, &shed.isolated, cancel)
        .await?;
    let metrics = [outcome.metric.clone()];
    let summed = plugin
        .summarize(&metrics, limits, &shed.isolated, cancel)
        .await?;
    Ok((outcome, summed.summary))
}

/// The plugin of this name, or the one in this folder.
async fn find(call: &RunPlugin) -> Result<Arc<Plugin>, Failure> {
    let broken = |name: &str, reason: &str| {
        Failure::new(
            Exit::FAILED,
            format!("plugin {name} cannot be used: {reason}"),
        )
        .hint("`playhouse plugin check FOLDER` tells more.")
    };
    let name = call.name.clone();
    if name.contains('/') {
        let loaded = spawn_blocking(move || Plugin::load(Path::new(&name), None)).await;
        let loaded = loaded.map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?;
        return match loaded {
            Ok(plugin) => Ok(Arc::new(plugin)),
            Err(one) => Err(broken(&one.name, &one.reason)),
        };
    }
    let directory = place::plugins_dir(call.place.plugins_dir.as_deref())?;
    let catalogue = super::load(directory.clone()).await?;
    if let Some(plugin) = catalogue.get(&name) {
        return Ok(Arc::clone(plugin));
    }
    if let Some(one) = catalogue.broken().iter().find(|one| one.name == name) {
        return Err(broken(&name, &one.reason));
    }
    let plugins = catalogue.plugins().iter();
    let known: Vec<&str> = plugins.map(|plugin| &*plugin.manifest().name).collect();
    Err(
        Failure::new(Exit::NOT_FOUND, format!("there is no plugin {name}")).hint(format!(
            "There are {} (in {}).",
            known.join(", "),
            directory.display()
        )),
    )
}

fn tell_logs(logs: &Logs) {
    for line in &logs.lines {
        let level = format!("{:?}", line.level).to_lowercase();
        say(&format!("{level:>5}  {}", plain(&line.message)));
    }
    if logs.dropped > 0 {
        say(&format!("[... {} lines dropped ...]", logs.dropped));
    }
}
