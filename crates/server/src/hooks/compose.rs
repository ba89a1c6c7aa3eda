//! What a receiver is told of an event. The names of each face are given here and nowhere else.

use std::collections::BTreeMap;

use engine::Kind;
use serde::Serialize;
use serde_json::{Value, json};
use store::{events::EventRow, hooks::Composed};
use wire::JsonText;

/// The body for an event: the log's own name for it, and the data that `/api/events` has.
pub(crate) fn compose(event: &EventRow) -> Composed {
    let mut data: BTreeMap<String, JsonText> =
        serde_json::from_str(&event.data).unwrap_or_default();
    let run = event.run_id.map(|run| run.to_string());
    let more = [
        ("seq", Some(Value::from(event.seq))),
        ("kind", Some(event.kind.clone().into())),
        ("run_id", run.map(Value::from)),
    ];
    for (name, value) in more {
        data.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    body(&event.event_type, &data, event.at)
}

/// The body of a test.
pub(crate) fn test(hook: &str, now: i64) -> Composed {
    body("hook.test", &json!({"hook_id": hook}), now)
}

/// A [`wire::hooks::Payload`] whose data keeps every digit.
#[derive(Serialize)]
struct Written<'a, T> {
    event: &'a str,
    data: &'a T,
    timestamp: String,
}

fn body(event: &str, data: &impl Serialize, at: i64) -> Composed {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    let payload = Written {
        event,
        data,
        timestamp: format!("{at:.3}"),
    };
    Composed {
        event: event.to_owned(),
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
