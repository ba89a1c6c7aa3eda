//! The executor's part of a run's trace: the attempt, and in it the preparation and the program.

use std::time::SystemTime;

use engine::RunId;
use wire::trace::{Part, Span, Spans};

use super::{PerformOutcome, Taken};

/// An attempt under way.
pub(super) struct Trace<'a> {
    spans: &'a Spans,
    /// `None` when nobody wants it.
    run: Option<RunId>,
    /// Each attempt has a token of its own.
    token: i64,
    begun: SystemTime,
    prepared: Option<SystemTime>,
}

impl<'a> Trace<'a> {
    pub(super) fn begin(spans: &'a Spans, taken: Taken<'_>) -> Self {
        Self {
            spans,
            run: taken.id.parse().ok().filter(|_| spans.wanted()),
            token: taken.token,
            begun: now(),
            prepared: None,
        }
    }

    /// The program is about to be started.
    pub(super) fn prepared(self) -> Self {
        Self {
            prepared: Some(now()),
            ..self
        }
    }

    /// The attempt came to this.
    pub(super) fn end(self, outcome: PerformOutcome) -> PerformOutcome {
        let Some(run) = self.run else {
            return outcome;
        };
        let (ended, status) = (now(), status(&outcome));
        let error = (!matches!(status, "completed" | "parked")).then(|| status.to_owned());
        let attempt = Span {
            run,
            part: Part::Attempt(self.token),
            start: self.begun,
            end: ended,
            error,
            attributes: vec![("playhouse.attempt.status", status.to_owned())],
        };
        let prepare = Span {
            part: Part::Prepare(self.token),
            end: self.prepared.unwrap_or(ended),
            error: attempt.error.clone().filter(|_| self.prepared.is_none()),
            ..attempt.clone()
        };
        if let Some(prepared) = self.prepared {
            self.spans.ended(Span {
                part: Part::Program(self.token),
                start: prepared,
                ..attempt.clone()
            });
        }
        self.spans.ended(prepare);
        self.spans.ended(attempt);
        outcome
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a trace tells the executor's own time, which decides nothing"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

fn status(outcome: &PerformOutcome) -> &'static str {
    match outcome {
        PerformOutcome::Finished(result, _) if result.completed() => "completed",
        PerformOutcome::Finished(..) => "failed",
        PerformOutcome::Released => "released",
        PerformOutcome::Parked => "parked",
        PerformOutcome::Abandoned(_) | PerformOutcome::LeaseExpired | PerformOutcome::Lost => {
            "lost"
        }
    }
}
