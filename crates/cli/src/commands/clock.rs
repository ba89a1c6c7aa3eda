//! The time of this machine, where a command needs one to ask for.

use wire::Timestamp;

use crate::args::Moment;

/// The time in so many hours.
pub(super) fn in_hours(hours: i64) -> Timestamp {
    after_ms(hours.saturating_mul(3_600_000))
}

/// The time that is meant.
pub(super) fn at(moment: Moment) -> Timestamp {
    match moment {
        Moment::At(time) => time,
        Moment::After(delay) => after_ms(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX)),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the caller asks for a time of the clock"
)]
fn after_ms(delay: i64) -> Timestamp {
    let now = jiff::Timestamp::now().as_millisecond();
    Timestamp(now.saturating_add(delay))
}
