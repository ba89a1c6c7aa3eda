//! A held run may start.

use super::{changed, event, moved, rejected};
use crate::{Change, EventType, Rejected, Run, State, rank};

pub(super) fn step(run: &Run, bound_ms: i64, now: i64) -> Result<Change, Rejected> {
    if run.state != State::Held {
        return Err(rejected(run, "unhold"));
    }
    let run = Run {
        rank: rank(now, run.class, bound_ms),
        ..moved(run, State::Queued)
    };
    Ok(Change {
        event: Some(event(&run, EventType::Ready)),
        ..changed(run)
    })
}
