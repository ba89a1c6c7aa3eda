//! When a line was written, in the forms that logs use.

use std::ops::Range;

use jiff::{civil::DateTime, tz::Offset};

use super::scan::{OfDay, Scan};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// How far into a line a time in brackets is looked for.
const LOOKED_AT: usize = 200;

/// Times without a year lie in this one, so that there is a 29th of February.
const LEAP_YEAR: i16 = 2000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    clock: Clock,
    micros: i64,
}

/// Times of different clocks cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// With a zone.
    Absolute,
    Local,
    Yearless,
}

impl Time {
    pub(super) fn is_yearless(self) -> bool {
        self.clock == Clock::Yearless
    }
}

/// The last time of each clock.
#[derive(Debug, Default)]
pub(super) struct Order([Option<i64>; 3]);

impl Order {
    /// True when the time lies before the one that came before it.
    pub(super) fn is_late(&mut self, time: Time) -> bool {
        const HALF_A_YEAR: i64 = 183 * 24 * 60 * 60 * 1_000_000;
        let last = self.0[time.clock as usize].replace(time.micros);
        last.is_some_and(|last| {
            // Without a year, January follows December.
            let wrapped = time.is_yearless() && last - time.micros > HALF_A_YEAR;
            time.micros < last && !wrapped
        })
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told by their size.
pub(super) fn since_1970(number: f64) -> Option<Time> {
    let micros = match number {
        1e8..1e11 => number * 1e6,
        1e11..1e14 => number * 1e3,
        1e14..1e17 => number,
        1e17..1e20 => number / 1e3,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e17")]
    Some(Time {
        clock: Clock::Absolute,
        micros: micros as i64,
    })
}

/// A text that is a time and nothing else.
pub(super) fn whole(text: &str) -> Option<Time> {
    let (time, length) = at_start(text)?;
    (length == text.len()).then_some(time)
}

/// A time that a line begins with, and how long it is.
pub(super) fn at_start(text: &str) -> Option<(Time, usize)> {
    iso(text).or_else(|| month_first(text))
}

/// A time that a line begins with, or has in brackets, and where it stands.
pub(super) fn somewhere(text: &str) -> Option<(Time, Range<usize>)> {
    let begin = usize::from(text.starts_with('['));
    if let Some((time, length)) = at_start(&text[begin..]) {
        return Some((time, begin..begin + length));
    }
    let looked_at = &text[..text.floor_char_boundary(LOOKED_AT)];
    looked_at.match_indices('[').find_map(|(at, _)| {
        let (time, length) = access(&text[at + 1..])?;
        Some((time, at + 1..at + 1 + length))
    })
}

/// `E0102 15:04:05.000000 message`: the time, the letter of the level, the rest.
pub(super) fn klog(text: &str) -> Option<(Time, u8, &str)> {
    let mut scan = Scan { text, at: 1 };
    let letter = *text.as_bytes().first()?;
    if !matches!(letter, b'I' | b'W' | b'E' | b'F') {
        return None;
    }
    let (month, day) = (scan.number(2)?, scan.number(2)?);
    scan.one_of(b" ")?;
    let time = scan.clock()?;
    let time = time.on(LEAP_YEAR, month, day, Clock::Yearless, 0)?;
    Some((time, letter, text[scan.at..].trim_start()))
}

/// `2024-01-02T03:04:05.678Z`, with a space, slashes, a comma or without a zone as well.
fn iso(text: &str) -> Option<(Time, usize)> {
    let mut scan = Scan { text, at: 0 };
    let year = scan.number(4)?;
    let dash = scan.one_of(b"-/")?;
    let month = scan.number(2)?;
    scan.one_of(&[dash])?;
    let day = scan.number(2)?;
    scan.one_of(b"Tt ")?;
    let time = scan.clock()?;
    let zone = scan.zone();
    let clock = zone.map_or(Clock::Local, |_| Clock::Absolute);
    let time = time.on(year, month, day, clock, zone.unwrap_or(0))?;
    Some((time, scan.at))
}

/// `Oct  1 22:14:15`.
fn month_first(text: &str) -> Option<(Time, usize)> {
    let month = month(text.get(..3)?)?;
    let mut scan = Scan { text, at: 3 };
    scan.one_of(b" ")?;
    let day = match scan.one_of(b" ") {
        Some(_) => scan.number(1)?,
        None => scan.number(2).or_else(|| scan.number(1))?,
    };
    scan.one_of(b" ")?;
    let time = scan
        .clock()?
        .on(LEAP_YEAR, month, day, Clock::Yearless, 0)?;
    Some((time, scan.at))
}

/// `10/Oct/2000:13:55:36 -0700`.
fn access(text: &str) -> Option<(Time, usize)> {
    let mut scan = Scan { text, at: 0 };
    let day = scan.number(2)?;
    scan.one_of(b"/")?;
    let month = month(text.get(scan.at..scan.at + 3)?)?;
    scan.at += 3;
    scan.one_of(b"/")?;
    let year = scan.number(4)?;
    scan.one_of(b":")?;
    let time = scan.clock()?;
    scan.one_of(b" ")?;
    let zone = scan.zone()?;
    let time = time.on(year, month, day, Clock::Absolute, zone)?;
    Some((time, scan.at))
}

fn month(name: &str) -> Option<i16> {
    let index = MONTHS.iter().position(|month| *month == name)?;
    i16::try_from(index + 1).ok()
}

impl OfDay {
    /// On a day, with the zone in minutes; none when there is no such day or time.
    fn on(&self, year: i16, month: i16, day: i16, clock: Clock, zone: i32) -> Option<Time> {
        let small = |number: i16| i8::try_from(number).ok();
        let date = DateTime::new(
            year,
            small(month)?,
            small(day)?,
            small(self.hour)?,
            small(self.minute)?,
            // A leap second is the one before it.
            small(self.second.min(if self.second == 60 { 59 } else { 99 }))?,
            self.nanos,
        );
        let offset = Offset::from_seconds(zone * 60).ok()?;
        let micros = offset.to_timestamp(date.ok()?).ok()?.as_microsecond();
        Some(Time { clock, micros })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_in_every_form() {
        let moment = whole("2000-10-10T20:55:36Z").unwrap();
        for text in [
            "2000-10-10T13:55:36-07:00",
            "2000-10-10 20:55:36.000 +0000",
            "2000/10/10 22:55:36+02",
        ] {
            assert_eq!(whole(text), Some(moment), "{text}");
        }
        let (found, range) = somewhere("h - - [10/Oct/2000:13:55:36 -0700] x").unwrap();
        assert_eq!((found, range), (moment, 7..33));
        for number in [971_211_336.0, 971_211_336e3, 971_211_336e6, 971_211_336e9] {
            assert_eq!(since_1970(number), Some(moment));
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2024",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "Foo  1 00:00:00",
            "Oct 32 00:00:00",
            "2024-01-02T03:04",
            "Ок",
            "E9999 00:00:00 x",
            "2024-01-02T03:04:05+99:00",
        ] {
            assert_eq!(at_start(text), None, "{text}");
            assert!(klog(text).is_none(), "{text}");
        }
        assert_eq!(since_1970(7.0), None);
        assert_eq!(since_1970(f64::NAN), None);
    }

    #[test]
    fn late_is_before_the_one_before() {
        let mut order = Order::default();
        let mut late = |text: &str| order.is_late(at_start(text).unwrap().0);
        let found: Vec<bool> = [
            "2024-01-02T00:00:02Z",
            "2024-01-02T00:00:01Z",
            "2024-01-02T00:00:01Z",
            // Of another clock.
            "2024-01-01T00:00:00",
            "Dec 31 23:59:59",
            "Jan  1 00:00:00",
            "Jan  1 00:00:01",
            "Jan  1 00:00:00",
            // The same clock in another zone.
            "2024-01-02T01:00:00+01:00",
        ]
        .iter()
        .map(|text| late(text))
        .collect();
        assert_eq!(
            found,
            [false, true, false, false, false, false, false, true, true]
        );
    }
}
