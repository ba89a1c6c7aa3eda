//! The time of a scheduled run has come. Its sort key was set when the time was.

use super::{changed, event, moved, rejected};
use crate::{Change, EventType, Rejected, Run, State};

pub(super) fn step(run: &Run, now: i64) -> Result<Change, Rejected> {
    match run.state {
        State::Scheduled { due_at } if due_at <= now => {
            let run = moved(run, State::Queued);
            Ok(Change {
                events: vec![event(&run, EventType::Ready)],
                ..changed(run)
            })
        }
        _ => Err(rejected(run, "due")),
    }
}
