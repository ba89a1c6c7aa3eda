//! The holder reports the end of its attempt.

use super::{changed, event, held, moved, requeue};
use crate::{
    Attempt, AttemptEnd, Change, Event, EventType, Holder, Outcome, Rejected, Run, State, Verdict,
};

/// What the holder says.
pub(super) struct Report {
    pub(super) verdict: Verdict,
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
        .is_some_and(|token| token == run.settled && token > 0)
    {
        // The report was accepted before and its answer was lost: the same answer, no change. Whether
        // it comes from the same executor, the run does not say when somebody else has it by now.
        return Ok(changed(run.clone()));
    }
    let token = held(run, holder, "finish")?.token;
    let run = &Run {
        settled: token,
        ..run.clone()
    };
    match report.verdict {
        Verdict::Completed => Ok(completed(run, now)),
        Verdict::Failed => Ok(requeue::failed(
            run,
            AttemptEnd::Failed,
            report.error,
            wait,
            now,
        )),
        Verdict::TimedOut => Ok(requeue::failed(
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
        signal: None,
        ..moved(run, state)
    };
    let event = Event {
        executor: run.executor.clone(),
        ..event(&run, EventType::Completed)
    };
    Change {
        attempt: Some(Attempt::Closed(AttemptEnd::Completed)),
        event: Some(event),
        ..changed(run)
    }
}
