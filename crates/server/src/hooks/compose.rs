//! What a receiver is told of an event. The names of each face are given here and nowhere else.

use engine::Kind;
use serde_json::{Map, Value, json};
use store::{events::EventRow, hooks::Composed};
use wire::hooks::Payload;

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
    match word {
        // Of each part, where there are parts.
        "progress" => Some(match kind.part() {
            Some(part) => format!("{kind}.{part}_*"),
            None => format!("{kind}.checkpointed"),
        }),
        "started" | "completed" | "failed" | "cancelled" => Some(format!("{kind}.{word}")),
        _ => None,
    }
}
