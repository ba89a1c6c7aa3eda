//! The report of a step to the server: its part.

use super::{steps::has_children, titles::Title};
use playbook::{JournalPart, PartStage};
use serde_json::{Map, Value, json};
use wire::{
    JsonText, TimestampMs,
    executors::{PartReport, Stage},
    playbooks::StepStatus,
};

/// In the body of a part: until when its step sleeps.
pub(super) const UNTIL: &str = "until";
/// In the body of a part: when the next try of its step begins.
pub(super) const RETRY_AT: &str = "retry_at";
/// In the body of a part that holds others: when its time is over.
pub(super) const DEADLINE: &str = "deadline";
/// In the body of a part of `finally`: when the time of these steps is over.
pub(super) const FINALLY_UNTIL: &str = "finally_until";
/// How much of an error an event has; a part has all of it.
const EVENT_ERROR_BYTES: usize = 2_000;

/// The times that a part keeps for later attempts, in epoch milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) deadline: Option<i64>,
    pub(super) finally_until: Option<i64>,
}

/// The report of a part as the playbook has it.
pub(super) fn report(part: &JournalPart, title: &Title, times: Times) -> PartReport {
    let stage = stage(part.stage);
    let mut body = match &part.body {
        Value::Object(body) => body.clone(),
        _ => Map::new(),
    };
    if let Some(reason) = body.get("reason").cloned() {
        body.insert("error".to_owned(), reason);
    }
    for (name, time) in [
        (DEADLINE, times.deadline),
        (FINALLY_UNTIL, times.finally_until),
    ] {
        if let Some(time) = time {
            body.insert(name.to_owned(), TimestampMs(time).to_string().into());
        }
    }
    body.insert("name".to_owned(), title.name.clone().into());
    body.insert("type".to_owned(), title.kind.clone().into());
    let mut event = json!({
        "step_id": part.key.name,
        "step_name": title.name,
        "status": StepStatus::from(stage),
    });
    if !part.key.path.is_empty() {
        event["path"] = part.key.path.clone().into();
    }
    if let Some(error) = body.get("error").and_then(Value::as_str) {
        let end = error.floor_char_boundary(EVENT_ERROR_BYTES);
        event["error"] = error[..end].into();
    }
    PartReport {
        number: part.number,
        name: part.key.name.clone(),
        path: part.key.path.clone(),
        stage,
        tries: part.tries,
        body: Some(Value::Object(body).into()),
        event: Some(event),
        // What an earlier try started is of no use to the next one.
        abandons: has_children(&title.kind) && (part.stage != PartStage::Started || part.tries > 1),
    }
}

/// The same with a time in epoch milliseconds.
pub(super) fn with_time(report: PartReport, field: &str, clock_ms: i64) -> PartReport {
    with(report, field, TimestampMs(clock_ms).to_string())
}

/// The same with a field more.
pub(super) fn with(mut report: PartReport, field: &str, text: String) -> PartReport {
    let body = report.body.as_ref().map(JsonText::value);
    if let Some(Value::Object(mut body)) = body {
        body.insert(field.to_owned(), text.into());
        report.body = Some(Value::Object(body).into());
    }
    report
}

fn stage(stage: PartStage) -> Stage {
    match stage {
        PartStage::Started => Stage::Started,
        PartStage::Completed => Stage::Completed,
        PartStage::Failed => Stage::Failed,
        PartStage::Skipped => Stage::Skipped,
        PartStage::Cancelled => Stage::Cancelled,
        PartStage::Interrupted => Stage::Interrupted,
    }
}
