//! The report of a step to the server: its part.

use super::{steps::has_children, titles::Title};
use playbook::{JournalPart, PartStage};
use serde_json::{Map, Value, json};
use wire::{
    TimestampMs,
    executors::{PartReport, Stage},
    playbooks::StepStatus,
};

/// In the body of a part: until when its step sleeps.
pub(super) const UNTIL: &str = "until";
/// In the body of a part: when the next try of its step begins.
pub(super) const RETRY_AT: &str = "retry_at";
/// How much of an error an event has; a part has all of it.
const EVENT_ERROR_BYTES: usize = 2_000;

/// The report of a part as the playbook has it.
pub(super) fn report(part: &JournalPart, title: &Title) -> PartReport {
    let stage = stage(part.stage);
    let mut body = match &part.body {
        Value::Object(body) => body.clone(),
        _ => Map::new(),
    };
    if let Some(reason) = body.get("reason").cloned() {
        body.insert("error".to_owned(), reason);
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
        body: Some(Value::Object(body)),
        event: Some(event),
        // What an earlier try started is of no use to the next one.
        abandons: has_children(&title.kind) && (part.stage != PartStage::Started || part.tries > 1),
    }
}

/// The same of a step that waits for a time, in epoch milliseconds.
pub(super) fn waiting(part: &JournalPart, title: &Title, field: &str, until: i64) -> PartReport {
    with(report(part, title), field, TimestampMs(until).to_string())
}

/// The same of a step about which an operator decides.
pub(super) fn asking(part: &JournalPart, title: &Title, error: &str) -> PartReport {
    with(report(part, title), "error", error.to_owned())
}

fn with(mut report: PartReport, field: &str, text: String) -> PartReport {
    if let Some(Value::Object(body)) = &mut report.body {
        body.insert(field.to_owned(), text.into());
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
