//! The holder releases its run unfinished, as at a planned stop.

use super::{owned, requeue};
use crate::{Change, Holder, Rejected, Run};

pub(super) fn step(
    run: &Run,
    holder: &Holder,
    reason: Option<&str>,
    now: i64,
) -> Result<Change, Rejected> {
    owned(run, holder, "release")?;
    Ok(requeue::released(run, reason, now))
}
