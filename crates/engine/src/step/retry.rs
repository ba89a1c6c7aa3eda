//! An ended run starts anew: the only way out of a terminal state.

use super::{changed, event, moved, rejected};
use crate::{Change, EventType, Rejected, Run, State, rank};

pub(super) fn step(run: &Run, bound_ms: i64, now: i64) -> Result<Change, Rejected> {
    if !matches!(run.state, State::Done { .. }) {
        return Err(rejected(run, "retry"));
    }
    let rank = rank(now, run.class, bound_ms);
    let run = Run {
        rank,
        strikes: 0,
        deadline: None,
        ..moved(run, State::Queued)
    };
    Ok(Change {
        event: Some(event(&run, EventType::Retried)),
        ..changed(run)
    })
}
