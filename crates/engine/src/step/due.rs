//! The time of a scheduled run has come. Its sort key was set when the time was.

use super::{moved, rejected, wake};
use crate::{Change, Rejected, Run, State};

pub(super) fn step(run: &Run, now: i64) -> Result<Change, Rejected> {
    match run.state {
        State::Scheduled { due_at } if due_at <= now => Ok(wake::ready(moved(run, State::Queued))),
        _ => Err(rejected(run, "due")),
    }
}
