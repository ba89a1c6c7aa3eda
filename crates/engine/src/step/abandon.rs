//! The holder cannot do the work, for a reason of its own.

use super::{owned, requeue};
use crate::{Change, Holder, Rejected, Run};

pub(super) fn step(run: &Run, holder: &Holder, error: &str, now: i64) -> Result<Change, Rejected> {
    let token = owned(run, holder, "abandon")?.token;
    Ok(requeue::lost(run, token, error.to_owned(), now))
}
