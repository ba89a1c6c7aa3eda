//! The phases of an operation: each is on the server's disk before its work.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::{
    executors::{ClaimedRun, PartReport, Stage, operations::phase_label},
    runs::RunPart,
};

use super::print::Printer;
use crate::attempt::progress_reporter::{Halt, ProgressReporter};

/// How much of an error an event has; the part has all of it.
const EVENT_ERROR_BYTES: usize = 2_000;

pub(super) struct Phases<'a> {
    reporter: ProgressReporter<'a>,
    printer: Printer,
    /// What earlier attempts left, by key.
    earlier: BTreeMap<String, RunPart>,
    /// The number of the part that begins next.
    next: i64,
    current: Option<Phase>,
    /// An end that is reported with the next beginning.
    ended: Option<PartReport>,
    /// The phases of this attempt.
    begun: Vec<&'static str>,
}

struct Phase {
    key: &'static str,
    number: i64,
    tries: u32,
    /// It had ended in an earlier attempt: its work is looked through again, and nothing is reported.
    again: bool,
}

impl<'a> Phases<'a> {
    pub(super) fn new(reporter: ProgressReporter<'a>, run: &ClaimedRun, printer: Printer) -> Self {
        let parts = run.parts.iter();
        let next = parts.clone().map(|part| part.number).max().unwrap_or(0) + 1;
        Self {
            reporter,
            printer,
            earlier: parts
                .map(|part| (part.name.clone(), part.clone()))
                .collect(),
            next,
            current: None,
            ended: None,
            begun: Vec::new(),
        }
    }

    /// What an earlier attempt left of a phase.
    pub(super) fn earlier(&self, key: &str) -> Option<&RunPart> {
        self.earlier.get(key)
    }

    /// Whether this attempt began a phase.
    pub(super) fn began(&self, key: &str) -> bool {
        self.begun.contains(&key)
    }

    /// The phase that began last and has not ended.
    pub(super) fn current(&self) -> Option<&'static str> {
        self.current.as_ref().map(|phase| phase.key)
    }

    /// Begins a phase; the one before has ended.
    pub(super) async fn begin(&mut self, key: &'static str) -> Result<(), Halt> {
        if self.current.is_some() {
            self.end(Stage::Completed, Value::Null);
        }
        let label = phase_label(key).unwrap_or(key);
        let earlier = self.earlier.get(key);
        let has_ended = earlier.is_some_and(|part| {
            matches!(
                part.stage,
                Stage::Completed | Stage::Failed | Stage::Skipped
            )
        });
        let tries = earlier.map_or(0, |part| u32::try_from(part.tries).unwrap_or(0));
        let phase = Phase {
            key,
            number: earlier.map_or(self.next, |part| part.number),
            tries: tries + 1,
            again: has_ended,
        };
        if earlier.is_none() {
            self.next += 1;
        }
        self.printer.line(format!("== {label}"));
        let report = phase.report(Stage::Started, Value::Null);
        let mut parts: Vec<PartReport> = self.ended.take().into_iter().collect();
        parts.extend((!phase.again).then_some(report));
        self.current = Some(phase);
        self.begun.push(key);
        self.advance(parts).await
    }

    /// Ends the current phase.
    pub(super) fn complete(&mut self, body: Value) {
        self.end(Stage::Completed, body);
    }

    /// Ends the current phase, which failed.
    pub(super) fn fail(&mut self, error: &str) {
        self.printer.line(format!("failed: {error}"));
        self.end(Stage::Failed, json!({ "error": error }));
    }

    /// Ends the current phase, if there is one, because the operation was cancelled.
    pub(super) fn cancel(&mut self) {
        self.end(Stage::Cancelled, Value::Null);
    }

    fn end(&mut self, stage: Stage, body: Value) {
        if let Some(phase) = self.current.take().filter(|phase| !phase.again) {
            self.ended = Some(phase.report(stage, body));
        }
    }

    /// Reports the last end.
    pub(super) async fn flush(&mut self) -> Result<(), Halt> {
        let parts: Vec<PartReport> = self.ended.take().into_iter().collect();
        self.advance(parts).await
    }

    async fn advance(&self, parts: Vec<PartReport>) -> Result<(), Halt> {
        if parts.is_empty() {
            return Ok(());
        }
        // What operators ask for comes with the lease.
        self.reporter.advance(parts, None, 0).await.map(drop)
    }
}

impl Phase {
    fn report(&self, stage: Stage, body: Value) -> PartReport {
        let label = phase_label(self.key).unwrap_or(self.key);
        let mut event = json!({ "step": self.key, "step_label": label });
        if let Some(error) = body.get("error").and_then(Value::as_str) {
            let end = error.floor_char_boundary(EVENT_ERROR_BYTES);
            event["error"] = error[..end].into();
        }
        let mut body = match body {
            Value::Object(body) => body,
            _ => serde_json::Map::new(),
        };
        body.insert("label".to_owned(), label.into());
        PartReport {
            number: self.number,
            name: self.key.to_owned(),
            path: String::new(),
            stage,
            tries: self.tries,
            body: Some(Value::Object(body).into()),
            event: Some(event),
            abandons: false,
        }
    }
}
