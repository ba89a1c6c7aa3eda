//! The holder is alive. A lease that has expired and was not taken away yet is extended like any other.

use super::{changed, last_end, moved, owned};
use crate::{Change, Holder, Lease, Rejected, Run, State};

pub(super) fn step(
    run: &Run,
    holder: &Holder,
    lease_ms: i64,
    now: i64,
) -> Result<Change, Rejected> {
    let lease = owned(run, holder, "heartbeat")?;
    // An executor that ignores the time limit cannot keep the run forever.
    let last = last_end(run, lease, lease_ms).unwrap_or(i64::MAX);
    let until = now.saturating_add(lease_ms).min(last).max(lease.until);
    Ok(changed(moved(
        run,
        State::Running(Lease {
            until,
            ..lease.clone()
        }),
    )))
}
