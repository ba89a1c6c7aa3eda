//! When the times of a schedule are.

#[cfg(test)]
mod tests;

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
    parser.parse(expression).map_err(|error| {
        let why = error.to_string();
        let why = why.trim_start_matches("Component error: ");
        wrong(format!(
            "`{expression}` cannot be used: {}",
            why.to_lowercase()
        ))
    })
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
