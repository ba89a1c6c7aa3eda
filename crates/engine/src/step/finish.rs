//! The holder reports the end of its attempt.

use super::{changed, event, moved, owned, requeue};
use crate::{
    Attempt, AttemptEnd, AttemptOutcome, Change, Event, EventType, Holder, Outcome, Rejected, Run,
    Stage, State,
};

/// What the holder says.
pub(super) struct Report {
    pub(super) outcome: AttemptOutcome,
    pub(super) error: Option<String>,
}

pub(super) fn step(
    run: &Run,
    holder: &Holder,
    report: Report,
    wait: &requeue::Wait,
    now: i64,
) -> Result<Change, Rejected> {
    if holder
        .token
        .is_some_and(|token| token == run.last_finished_token && token > 0)
    {
        // The report was accepted before and its answer was lost: the same answer, no change. Whether
        // it comes from the same executor, the run does not say when somebody else has it by now.
        return Ok(changed(run.clone()));
    }
    let token = owned(run, holder, "finish")?.token;
    let run = &Run {
        last_finished_token: token,
        ..run.clone()
    };
    match report.outcome {
        AttemptOutcome::Completed => Ok(completed(run, now)),
        AttemptOutcome::Failed => Ok(requeue::failed(
            run,
            AttemptEnd::Failed,
            report.error,
            wait,
            now,
        )),
        AttemptOutcome::TimedOut => Ok(requeue::failed(
            run,
            AttemptEnd::TimedOut,
            report.error,
            wait,
            now,
        )),
    }
}

fn completed(run: &Run, now: i64) -> Change {
    let state = State::Done {
        outcome: Outcome::Completed,
        at: now,
    };
    let run = Run {
        signals: run.signals.closed(),
        ..moved(run, state)
    };
    let event = Event {
        executor: run.executor.clone(),
        ..event(&run, EventType::Completed)
    };
    Change {
        attempt: Some(Attempt::Closed(AttemptEnd::Completed)),
        events: vec![event],
        end_parts: run.kind.has_parts().then_some(Stage::Interrupted),
        ..changed(run)
    }
}
