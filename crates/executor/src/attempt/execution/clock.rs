//! The executor's own clock: until when a step sleeps is written on it, so that another executor can go on
//! with the sleep. Nothing else depends on it: a clock that differs makes the sleep a little shorter or longer.

use std::time::{Duration, UNIX_EPOCH};

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
