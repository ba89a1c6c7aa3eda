//! The holder is alive. An expired lease that nobody took away yet is extended like any other.

use super::{changed, held, moved};
use crate::{Change, Holder, Lease, OVERTIME_LEASES, Rejected, Run, State};

pub(super) fn step(
    run: &Run,
    holder: &Holder,
    lease_ms: i64,
    now: i64,
) -> Result<Change, Rejected> {
    let lease = held(run, holder, "heartbeat")?;
    // An executor that ignores the time limit cannot keep the run for ever.
    let last = run.timeout_ms.map_or(i64::MAX, |timeout_ms| {
        lease.started_at.saturating_add(timeout_ms).saturating_add(OVERTIME_LEASES * lease_ms)
    });
    let until = (now + lease_ms).min(last).max(lease.until);
    Ok(changed(moved(run, State::Running(Lease { until, ..lease.clone() }))))
}
