//! How long a playground lives.

use playground::lifetime::{DEFAULT_EXTENSION_HOURS, Lifetime, LifetimeDefaults, RequestedExpiry};

const HOUR: i64 = 3_600_000;

fn life(started_at: i64, expires_at: i64) -> Lifetime {
    Lifetime {
        started_at,
        expires_at: Some(expires_at),
    }
}

const FOREVER: Lifetime = Lifetime {
    started_at: 0,
    expires_at: None,
};

#[test]
fn the_defaults_are_eight_hours_and_one_for_jobs() {
    let defaults = LifetimeDefaults::default();
    assert_eq!(
        defaults.expires_at(RequestedExpiry::Default, false, 5),
        Some(8 * HOUR + 5)
    );
    assert_eq!(
        defaults.expires_at(RequestedExpiry::Default, true, 5),
        Some(HOUR + 5)
    );
    for job in [false, true] {
        assert_eq!(defaults.expires_at(RequestedExpiry::Never, job, 5), None);
        assert_eq!(defaults.expires_at(RequestedExpiry::At(9), job, 5), Some(9));
    }
    assert_eq!(RequestedExpiry::default(), RequestedExpiry::Default);
}

#[test]
fn an_extension_counts_from_the_end_or_from_now() {
    assert_eq!(DEFAULT_EXTENSION_HOURS, 8);
    assert_eq!(life(0, 8 * HOUR).extended(8, HOUR), Some(16 * HOUR));
    assert_eq!(life(0, HOUR).extended(2, 5 * HOUR), Some(7 * HOUR));
    assert_eq!(FOREVER.extended(8, 0), None);
    assert_eq!(life(0, i64::MAX).extended(u32::MAX, 0), Some(i64::MAX));
}

#[test]
fn what_remains_is_seconds() {
    assert_eq!(life(0, 8 * HOUR).time_remaining(0), Some(28_800.0));
    assert_eq!(life(0, 1_500).time_remaining(0), Some(1.5));
    assert_eq!(life(0, 1_500).time_remaining(2_000), Some(0.0));
    assert_eq!(FOREVER.time_remaining(0), None);
}

#[test]
fn the_percentage_is_what_has_passed() {
    let percent = |now| life(1_000, 2_000).expiration_percentage(now).unwrap();
    assert_eq!(
        [500, 1_000, 1_009, 1_010, 1_999, 2_000, 9_999].map(percent),
        [0, 0, 0, 1, 99, 100, 100]
    );
    assert_eq!(life(5, 5).expiration_percentage(5), Some(100));
    assert_eq!(life(5, 4).expiration_percentage(0), Some(100));
    assert_eq!(FOREVER.expiration_percentage(7), None);
    let whole = life(i64::MIN, i64::MAX);
    assert_eq!(whole.expiration_percentage(0), Some(50));
}

#[test]
fn it_is_over_at_its_end() {
    let life = life(0, 10);
    assert!(!life.is_over(9) && life.is_over(10) && life.is_over(11));
    assert!(!FOREVER.is_over(i64::MAX));
}

#[test]
fn a_warning_is_due_before_the_end() {
    let defaults = LifetimeDefaults::default();
    assert_eq!(
        defaults.warning_at(life(0, 8 * HOUR)),
        Some(8 * HOUR - HOUR / 4)
    );
    // A short life is announced at its half.
    assert_eq!(defaults.warning_at(life(1_000, 2_000)), Some(1_500));
    assert_eq!(defaults.warning_at(life(10, 0)), Some(0));
    assert_eq!(defaults.warning_at(FOREVER), None);
}
