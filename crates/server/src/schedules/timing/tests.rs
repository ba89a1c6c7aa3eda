//! Clocks that change, times back and forth, and what is no schedule.

use jiff::Timestamp;

use super::{Times, Timing};

fn cron(expression: &str, zone: &str) -> Times {
    let timing = Timing::Cron {
        expression: expression.to_owned(),
        time_zone: zone.to_owned(),
    };
    timing.times().expect("a schedule")
}

fn ms(text: &str) -> i64 {
    let at: Timestamp = text.parse().expect("a time");
    at.as_millisecond()
}

fn shown(times: &[i64]) -> Vec<String> {
    let shown = times.iter().map(|at| {
        let at = Timestamp::from_millisecond(*at).expect("a time");
        at.to_string()
    });
    shown.collect()
}

/// An expression, a moment, and its next times.
type Row<'a> = (&'a str, &'a str, &'a [&'a str]);

/// The table of `docs/playbooks.md`: clocks in Berlin go from 2:00 to 3:00 on 2026-03-29 at 1:00 UTC, and
/// from 3:00 to 2:00 on 2026-10-25 at 1:00 UTC.
const CLOCKS_THAT_CHANGE: [Row<'_>; 10] = [
    // Left out: at the first moment after.
    (
        "30 2 * * *",
        "2026-03-28T12:00:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
    ),
    (
        "0 2 * * *",
        "2026-03-28T12:00:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"],
    ),
    // Several that are left out, and the one at the moment after, are one.
    (
        "0,15,30 2,3 * * *",
        "2026-03-29T00:00:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"],
    ),
    (
        "0 0-23/2 * * *",
        "2026-03-28T23:30:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"],
    ),
    // There twice: the first time.
    (
        "30 2 * * *",
        "2026-10-24T12:00:00Z",
        &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    ),
    (
        "0,30 2 * * *",
        "2026-10-25T00:10:00Z",
        &["2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"],
    ),
    // In the second of the two hours nothing of the first is made up for.
    (
        "50 2 * * *",
        "2026-10-25T01:10:00Z",
        &["2026-10-26T01:50:00Z"],
    ),
    // Every hour that passes.
    (
        "30 * * * *",
        "2026-03-29T00:00:00Z",
        &["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"],
    ),
    (
        "30 * * * *",
        "2026-10-25T00:00:00Z",
        &[
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:30:00Z",
        ],
    ),
    (
        "@hourly",
        "2026-10-24T23:30:00Z",
        &[
            "2026-10-25T00:00:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T02:00:00Z",
        ],
    ),
];

#[test]
fn clocks_that_change_are_followed() {
    for (expression, from, expected) in CLOCKS_THAT_CHANGE {
        let times = cron(expression, "Europe/Berlin");
        let found = times.following(ms(from), expected.len());
        assert_eq!(shown(&found), expected, "{expression} after {from}");
        // Backwards the same times are found, from each moment between them.
        for (at, next) in found
            .iter()
            .zip(found.iter().skip(1).chain([&(found[0] + 1)]))
        {
            for between in [
                *at,
                (*at).midpoint((*next).max(*at + 1)),
                (*next - 1).max(*at),
            ] {
                assert_eq!(
                    times.until(between),
                    Some(*at),
                    "{expression} until {between}"
                );
            }
        }
    }
}

#[test]
fn going_forward_and_back_finds_the_same_times() {
    let zones = [
        "UTC",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ];
    let expressions = [
        "*/17 * * * *",
        "*/20 1-3 * * *",
        "5 */3 * * 1-5",
        "0 12 1 * *",
        "59 23 L * *",
    ];
    for (zone, expression) in zones
        .iter()
        .flat_map(|zone| expressions.map(|one| (zone, one)))
    {
        let times = cron(expression, zone);
        let mut at = ms("2026-03-01T00:00:00Z");
        for _ in 0..1_500 {
            let next = times.after(at).expect("a time");
            assert!(next > at, "{expression} {zone} {at}");
            assert_eq!(times.until(next), Some(next), "{expression} {zone}");
            if at != ms("2026-03-01T00:00:00Z") {
                assert_eq!(times.until(next - 1), Some(at), "{expression} {zone}");
            }
            at = next;
            if at > ms("2027-03-01T00:00:00Z") {
                break;
            }
        }
    }
}

#[test]
fn intervals_are_even() {
    let timing = Timing::Every {
        seconds: 90,
        from: 1_000,
    };
    let times = timing.times().expect("an interval");
    assert_eq!(times.following(1_000, 2), [91_000, 181_000]);
    assert_eq!(times.following(0, 1), [91_000]);
    assert_eq!(times.after(91_000), Some(181_000));
    assert_eq!(times.until(180_999), Some(91_000));
    assert_eq!(times.until(90_999), None);
}

#[test]
fn what_is_no_schedule_is_refused_with_its_field() {
    let field = |timing: Timing| match timing.times() {
        Ok(_) => panic!("{timing:?}"),
        Err(refusal) => refusal.field.expect("a field"),
    };
    let of_cron = |expression: &str, zone: &str| Timing::Cron {
        expression: expression.to_owned(),
        time_zone: zone.to_owned(),
    };
    for wrong in [
        "",
        "* * * *",
        "* * * * * *",
        "0 0 * * * 2026",
        "61 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "a b c d e",
        "*/0 * * * *",
        "5-1 * * * *",
        "@reboot",
        "@",
    ] {
        assert_eq!(field(of_cron(wrong, "UTC")), "cron", "{wrong:?}");
    }
    for wrong in ["", "Berlin", "Europe/Nowhere", "../UTC"] {
        assert_eq!(field(of_cron("0 0 * * *", wrong)), "time_zone", "{wrong:?}");
    }
    for seconds in [0, -1, i64::MAX] {
        assert_eq!(field(Timing::Every { seconds, from: 0 }), "every");
    }
    // Well-formed, and never comes.
    assert_eq!(cron("0 0 30 2 *", "UTC").after(0), None);
}
