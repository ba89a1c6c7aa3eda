//! An executor takes a queued run. The start is counted here, durably, before any code runs.

use super::{changed, event, moved, rejected};
use crate::{Attempt, Change, EventType, Lease, Rejected, Run, State};

pub(super) fn step(run: &Run, executor: &str, lease_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.state != State::Queued {
        return Err(rejected(run, "claim"));
    }
    let lease = Lease {
        executor: executor.to_owned(),
        token: run.token + 1,
        until: now.saturating_add(lease_ms),
        started_at: now,
    };
    let run = Run {
        token: lease.token,
        starts: run.starts + 1,
        executor: Some(executor.to_owned()),
        started_at: Some(now),
        deadline: run.deadline.or(whole_end(run, now)),
        ..moved(run, State::Running(lease))
    };
    Ok(Change {
        attempt: Some(Attempt::Opened),
        events: vec![event(&run, EventType::Started)],
        ..changed(run)
    })
}

/// When all attempts together must have ended, of a run that starts for the first time.
fn whole_end(run: &Run, now: i64) -> Option<i64> {
    Some(now.saturating_add(run.whole_timeout_ms?))
}
