//! What a receiver is told of an event. The names of each face are given here and nowhere else.

use engine::{Kind, RunId};
use serde_json::{Map, Value, json};
use store::{Read, events::EventRow, hooks::Composed};
use wire::{hooks::Payload, plugin_jobs::JobEvent};

use crate::api::plugin_jobs;

/// The body for an event: the log's own name for it, and the data that `/api/events` has.
pub(crate) fn compose(event: &EventRow) -> Composed {
    let mut data: Map<String, Value> = serde_json::from_str(&event.data).unwrap_or_default();
    data.insert("seq".to_owned(), event.seq.into());
    data.insert("kind".to_owned(), event.kind.clone().into());
    if let Some(run) = event.run_id {
        data.insert("run_id".to_owned(), run.to_string().into());
    }
    body(&event.event_type, data.into(), event.at)
}

/// What the hook of a run is told: of a plugin job in its contract's words, which do not have a word
/// for everything.
pub(crate) fn compose_of_run(
    read: &mut Read<'_, '_>,
    run: RunId,
    events: &[EventRow],
) -> Result<Vec<Option<Composed>>, store::Error> {
    let of_plugin_job = |event: &EventRow| event.kind == Kind::PluginJob.as_str();
    if !events.iter().any(of_plugin_job) {
        return Ok(events.iter().map(|event| Some(compose(event))).collect());
    }
    let told = plugin_jobs::tell(read, run, events)?;
    let composed = |told: JobEvent| Composed {
        event: told.event.clone(),
        // Strings and JSON values have a JSON form.
        body: serde_json::to_string(&told).unwrap_or_default(),
    };
    Ok(told.into_iter().map(|told| told.map(composed)).collect())
}

/// The body of a test.
pub(crate) fn test(hook: &str, now: i64) -> Composed {
    body("hook.test", json!({"hook_id": hook}), now)
}

fn body(event: &str, data: Value, at: i64) -> Composed {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    let payload = Payload {
        event: event.to_owned(),
        data,
        timestamp: format!("{at:.3}"),
    };
    Composed {
        event: payload.event.clone(),
        // Strings and JSON values have a JSON form.
        body: serde_json::to_string(&payload).unwrap_or_default(),
    }
}

/// The event types that a word of a run's own `webhook.on` stands for; nothing for an unknown word.
pub(crate) fn types_of(kind: Kind, word: &str) -> Option<String> {
    let what = match word {
        "started" => "started",
        // Of plugin jobs, what happens to each plugin.
        "progress" if kind == Kind::PluginJob => "plugin_*",
        "progress" => "checkpointed",
        "completed" => "completed",
        "failed" => "failed",
        "cancelled" => "cancelled",
        _ => return None,
    };
    Some(format!("{kind}.{what}"))
}
