//! What a step did in the page, for the trace of the execution.

use std::sync::Arc;

use browser::ScreencastFrame;
use tokio::time::Instant;

use crate::{
    attempt::execution::{
        call::{Done, StepCall, StepEnd},
        clock,
    },
    browsers::{SessionPage, TracedStep},
};

/// So many lines and requests of one step are kept, the last ones.
const KEPT: usize = 30;

/// A step that has begun.
pub(super) struct Began {
    at_ms: i64,
    at: Instant,
    before: Option<Arc<ScreencastFrame>>,
}

impl Began {
    pub(super) fn now(call: &StepCall<'_>) -> Self {
        Self {
            at_ms: clock::now_ms(),
            at: Instant::now(),
            before: call.context.browser.frame(),
        }
    }

    /// Adds the step to the trace.
    pub(super) fn ended(self, call: &StepCall<'_>, at: &SessionPage, done: &Done) {
        let records = at.page.records();
        let since = u64::try_from(self.at_ms).unwrap_or_default();
        let console = records.console.iter().filter(|line| line.at_ms >= since);
        let console = console.map(|line| format!("{}: {}", line.level, line.text));
        let failed = records.failed_requests.into_iter();
        let failed = at.proxy.explained(failed.filter(|one| one.at_ms >= since));
        let failed = failed
            .iter()
            .map(|one| format!("{} {}: {}", one.method, one.url, one.reason));
        let error = match done {
            Err(StepEnd::Failed(error, _)) => Some(error.message.clone()),
            Err(StepEnd::Stopped) => Some("stopped".to_owned()),
            _ => None,
        };
        let target = ["selector", "url", "dock_selector", "expected_url_pattern"];
        let target = target
            .into_iter()
            .find_map(|name| call.parameters.optional_text(name));
        call.context.browser.trace.add(TracedStep {
            key: call.key.to_string(),
            name: call.name.clone(),
            kind: call.kind.clone(),
            target: target.unwrap_or_default(),
            at_ms: self.at_ms,
            took_ms: u64::try_from(self.at.elapsed().as_millis()).unwrap_or(u64::MAX),
            error,
            url: at.page.url(),
            console: last(console.collect()),
            answers: records.response_count.saturating_sub(at.answered),
            failed_requests: last(failed.collect()),
            before: self.before,
            after: call.context.browser.frame(),
        });
    }
}

fn last(mut lines: Vec<String>) -> Vec<String> {
    lines.drain(..lines.len().saturating_sub(KEPT));
    lines
}
