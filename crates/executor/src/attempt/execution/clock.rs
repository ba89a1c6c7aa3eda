//! The executor's own clock: until when a step sleeps, and when the time of steps is over, is written on it, so that
//! another executor can go on. Nothing else depends on it: a clock that differs makes these times a little shorter
//! or longer.

use std::time::{Duration, UNIX_EPOCH};

use tokio::time::Instant;

/// Longer than anything may take: instants beyond it may not exist.
pub(super) const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

#[expect(
    clippy::disallowed_methods,
    reason = "a sleep that goes on elsewhere needs a time that means the same there"
)]
pub(super) fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
        .as_millis()
        .try_into()
        .unwrap_or(i64::MAX)
}

/// The time after so long.
pub(super) fn after_ms(wait: Duration) -> i64 {
    now_ms().saturating_add(wait.as_millis().try_into().unwrap_or(i64::MAX))
}

/// When the clock shows this time; now, if it did.
pub(super) fn instant(clock_ms: i64) -> Instant {
    let left = clock_ms.saturating_sub(now_ms());
    from_now(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}

/// When so much time has passed.
pub(super) fn from_now(wait: Duration) -> Instant {
    Instant::now() + wait.min(FOREVER)
}

/// A time that a playbook gives.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).map_or(FOREVER, |time| time.min(FOREVER))
}
