//! The holder reports the end of its attempt.

use super::{changed, event, moved, owned, requeue};
use crate::{
    Attempt, AttemptEnd, AttemptOutcome, Change, Event, EventType, Holder, Outcome, Rejected, Run,
    Stage, State,
};

pub(super) fn step(
    run: &Run,
    holder: &Holder,
    outcome: AttemptOutcome,
    error: Option<String>,
    retry: &requeue::RetryInputs,
    now: i64,
) -> Result<Change, Rejected> {
    if holder
        .token
        .is_some_and(|token| token == run.last_finished_token && token > 0)
    {
        // The outcome was accepted before, and the answer was lost: the same answer, no change. The
        // executor's name is not compared: the run may have another holder now and does not keep the
        // name of an earlier one.
        return Ok(changed(run.clone()));
    }
    let run = &Run {
        last_finished_token: owned(run, holder, "finish")?.token,
        ..run.clone()
    };
    let end = match outcome {
        AttemptOutcome::Completed => return Ok(completed(run, now)),
        AttemptOutcome::Failed => AttemptEnd::Failed,
        AttemptOutcome::TimedOut => AttemptEnd::TimedOut,
    };
    Ok(requeue::failed(run, end, error, retry, now))
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
