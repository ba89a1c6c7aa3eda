//! The time of this machine, where a command needs one to ask for.

use wire::Timestamp;

/// The time in so many hours.
#[expect(
    clippy::disallowed_methods,
    reason = "the caller asks for a time of the clock"
)]
pub(super) fn in_hours(hours: i64) -> Timestamp {
    let now = jiff::Timestamp::now().as_millisecond();
    Timestamp(now.saturating_add(hours.saturating_mul(3_600_000)))
}
