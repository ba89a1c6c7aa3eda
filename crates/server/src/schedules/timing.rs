//! When the times of a schedule are.

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The longest time between two times of an interval, in seconds: a year.
const EVERY_LIMIT: i64 = 366 * 24 * 3_600;
/// The longest expression, in bytes.
const EXPRESSION_LIMIT: usize = 200;
/// Clocks are set back by less than this.
const LONGEST_FOLD: SignedDuration = SignedDuration::from_hours(3);

/// When, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Timing {
    Cron {
        expression: String,
        time_zone: String,
    },
    Every {
        seconds: i64,
        /// Epoch milliseconds: the times are this far and farther from here.
        from: i64,
    },
}

/// When, ready to be asked.
pub(crate) enum Times {
    Cron {
        cron: Box<Cron>,
        zone: TimeZone,
        /// The hour is `*`: it means every hour that passes, whatever clocks show.
        every_hour: bool,
    },
    Every {
        period_ms: i64,
        from: i64,
    },
}

impl Timing {
    /// An interval that did not change goes on from where it was.
    pub(crate) fn keep_from(&mut self, before: &Self) {
        if let (
            Self::Every { seconds, from },
            Self::Every {
                seconds: old,
                from: since,
            },
        ) = (self, before)
            && seconds == old
        {
            *from = *since;
        }
    }

    /// Checks it; a refusal names the field.
    pub(crate) fn times(&self) -> Result<Times, Refusal> {
        match self {
            Self::Every { seconds, from } => {
                if !(1..=EVERY_LIMIT).contains(seconds) {
                    let message = format!("every must be from 1 to {EVERY_LIMIT} seconds");
                    return Err(Refusal::field("every", message));
                }
                let period_ms = seconds * 1_000;
                let from = *from;
                Ok(Times::Every { period_ms, from })
            }
            Self::Cron {
                expression,
                time_zone,
            } => {
                let cron = parse(expression)?;
                let zone = TimeZone::get(time_zone).map_err(|_| {
                    let message = "time_zone must be an IANA time zone such as Europe/Berlin";
                    Refusal::field("time_zone", message)
                })?;
                let mut fields = expression.split_whitespace();
                let hour = fields.nth(1);
                let every_hour = hour == Some("*") || expression.eq_ignore_ascii_case("@hourly");
                Ok(Times::Cron {
                    cron: Box::new(cron),
                    zone,
                    every_hour,
                })
            }
        }
    }
}

fn parse(expression: &str) -> Result<Cron, Refusal> {
    let wrong = |why: String| Refusal::field("cron", format!("cron: {why}"));
    if expression.len() > EXPRESSION_LIMIT {
        return Err(wrong(format!(
            "an expression has at most {EXPRESSION_LIMIT} bytes"
        )));
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let fields = expression.split_whitespace().count();
    if fields != 5 && !expression.starts_with('@') {
        return Err(wrong(format!(
            "an expression has five fields (minute, hour, day of month, month, day of week), not {fields}"
        )));
    }
    parser
        .parse(expression)
        .map_err(|error| wrong(error.to_string()))
}

impl Times {
    /// The first time after a moment; both in epoch milliseconds.
    pub(crate) fn after(&self, at_ms: i64) -> Option<i64> {
        match self {
            Self::Every { period_ms, from } => {
                let passed = at_ms.checked_sub(*from)?.div_euclid(*period_ms).max(0);
                from.checked_add(passed.checked_add(1)?.checked_mul(*period_ms)?)
            }
            Self::Cron {
                cron,
                zone,
                every_hour,
            } => {
                // Times are whole seconds.
                let at = Timestamp::from_second(at_ms.div_euclid(1_000)).ok()?;
                if *every_hour {
                    let found = cron.find_next_occurrence(&at.to_zoned(zone.clone()), false);
                    return Some(found.ok()?.timestamp().as_millisecond());
                }
                let mut civil = zone.to_datetime(at);
                loop {
                    civil = cron.find_next_occurrence(&civil, false).ok()?;
                    // In the second of two equal hours, times of the first one have passed.
                    let found = moment(zone, civil)?;
                    if found > at {
                        return Some(found.as_millisecond());
                    }
                }
            }
        }
    }

    /// The last time that is not after a moment; both in epoch milliseconds.
    pub(crate) fn until(&self, at_ms: i64) -> Option<i64> {
        match self {
            Self::Every { period_ms, from } => {
                let passed = at_ms.checked_sub(*from)?.div_euclid(*period_ms);
                (passed >= 1).then(|| from + passed * period_ms)
            }
            Self::Cron {
                cron,
                zone,
                every_hour,
            } => {
                // Times are whole seconds.
                let at = Timestamp::from_second(at_ms.div_euclid(1_000)).ok()?;
                if *every_hour {
                    let found = cron.find_previous_occurrence(&at.to_zoned(zone.clone()), true);
                    return Some(found.ok()?.timestamp().as_millisecond());
                }
                // In the second of two equal hours, all times of the first one have passed.
                let mut civil = zone.to_datetime(at).checked_add(LONGEST_FOLD).ok()?;
                let mut inclusive = true;
                loop {
                    civil = cron.find_previous_occurrence(&civil, inclusive).ok()?;
                    inclusive = false;
                    let found = moment(zone, civil)?;
                    if found <= at {
                        return Some(found.as_millisecond());
                    }
                }
            }
        }
    }

    /// The next few times after a moment.
    pub(crate) fn following(&self, at_ms: i64, count: usize) -> Vec<i64> {
        let next = |at: &i64| self.after(*at);
        std::iter::successors(self.after(at_ms), next)
            .take(count)
            .collect()
    }
}

/// When clocks show this: for the first time, or the first moment after it if they leave it out.
fn moment(zone: &TimeZone, civil: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if !matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return ambiguous.earlier().ok();
    }
    let after = ambiguous.later().ok()?;
    // The beginning of the gap counts as before it.
    let after = after.checked_add(SignedDuration::from_secs(1)).ok()?;
    let forward = zone.preceding(after).next()?;
    Some(forward.timestamp())
}

#[cfg(test)]
mod tests {
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

    /// The table of `docs/playbooks.md`: clocks in Berlin go from 2:00 to 3:00 on 2026-03-29 at 1:00 UTC, and
    /// from 3:00 to 2:00 on 2026-10-25 at 1:00 UTC.
    #[test]
    fn clocks_that_change_are_followed() {
        let table: [(&str, &str, &[&str]); 10] = [
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
        for (expression, from, expected) in table {
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
}
