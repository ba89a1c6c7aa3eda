//! The holder gives its run back unfinished, as a planned stop does.

use super::{owned, requeue};
use crate::{Change, Holder, Rejected, Run};

pub(super) fn step(run: &Run, holder: &Holder, now: i64) -> Result<Change, Rejected> {
    owned(run, holder, "release")?;
    Ok(requeue::released(run, now))
}
