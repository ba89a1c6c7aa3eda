//! Values: durations, sizes, pairs, times.

use std::{
    net::IpAddr,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use clap::ValueEnum;
use executor::FetchRule;
use ipnet::IpNet;
use jiff::SignedDuration;
use wire::Timestamp;

use crate::logging;

/// A value as it stands in the contracts.
pub(crate) fn word(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// `30s`, `5m`, `1h 30m`, `250ms`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration such as 30s, 5m or 1h30m");
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let duration = text.parse::<SignedDuration>().map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| wrong())
}

/// A duration of at least one second, in whole seconds.
pub(super) fn whole_seconds(text: &str) -> Result<u64, String> {
    let duration = duration(text)?;
    if duration.as_secs() == 0 || duration.subsec_nanos() != 0 {
        return Err("it must be whole seconds and at least 1s".to_owned());
    }
    Ok(duration.as_secs())
}

/// A number of seconds above zero, with or without a fraction.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    positive(text, 1.0)
}

/// A number of seconds above zero and at most five.
pub(super) fn scan_seconds(text: &str) -> Result<Duration, String> {
    let scan = seconds(text)?;
    if scan > Duration::from_secs(5) {
        return Err("it must be at most 5".to_owned());
    }
    Ok(scan)
}

/// A network such as `10.0.0.0/8`, or one address.
pub(super) fn device(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let climbs = path.components().any(|part| part == Component::ParentDir);
    if path.starts_with("/dev") && path != Path::new("/dev") && !climbs {
        Ok(path)
    } else {
        Err(format!("`{text}` is not a path below /dev"))
    }
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("`{text}` is not a network such as 10.0.0.0/8, nor an address"))?;
    if network.trunc() != network {
        let meant = network.trunc();
        return Err(format!(
            "`{text}` names an address within a network: write {meant}"
        ));
    }
    Ok(network)
}

/// A number of hours above zero, with or without a fraction.
pub(super) fn hours(text: &str) -> Result<Duration, String> {
    positive(text, 3600.0)
}

/// A number of days.
pub(super) fn days(text: &str) -> Result<Duration, String> {
    positive(text, 24.0 * 3600.0)
}

fn positive(text: &str, unit_seconds: f64) -> Result<Duration, String> {
    let number = text
        .parse::<f64>()
        .map_err(|_| format!("`{text}` is not a number"))?;
    Duration::try_from_secs_f64(number * unit_seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "it must be above zero".to_owned())
}

/// A size in bytes: `4096`, `512K`, `64M`, `10G`, `1T`, in powers of 1024.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size such as 512M or 10G");
    let text = text.trim();
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return Err(wrong()),
    };
    let number = digits.trim_end().parse::<u64>().map_err(|_| wrong())?;
    match number.checked_mul(1 << shift) {
        Some(0) => Err("it must be above zero".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err(format!("`{text}` is too large")),
    }
}

/// From where programs are fetched.
pub(super) fn fetch_rule(text: &str) -> Result<FetchRule, String> {
    Ok(match text.trim() {
        "any" => FetchRule::Any,
        "public" => FetchRule::Public,
        other => FetchRule::Network(network(other)?),
    })
}

/// A size in bytes, or 0.
pub(super) fn bytes_or_none(text: &str) -> Result<u64, String> {
    match text.trim() {
        "0" => Ok(0),
        text => bytes(text),
    }
}

/// A number of processor cores above zero, such as `1.5`.
pub(super) fn cores(text: &str) -> Result<f64, String> {
    let cores = text
        .parse::<f64>()
        .map_err(|_| format!("`{text}` is not a number of cores"))?;
    if cores.is_finite() && cores > 0.0 {
        return Ok(cores);
    }
    Err("it must be above zero".to_owned())
}

/// `NAME=VALUE`; the value may be empty and may contain `=`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some(("", _)) => Err("the name before `=` is empty".to_owned()),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        // Not the text: a value may be secret.
        None => Err("it is not NAME=VALUE".to_owned()),
    }
}

/// What the process's own log shows.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    logging::filter(text).map(|_| text.to_owned())
}

/// ISO 8601 with an offset.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a time such as 2030-01-31T12:00:00Z"))
}

/// A time, or how long from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    At(Timestamp),
    After(Duration),
}

/// ISO 8601 with an offset, or a duration with its unit: a number alone may be meant as anything.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(at) = text.parse() {
        return Ok(Moment::At(at));
    }
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    match duration(text) {
        Ok(delay) if !number => Ok(Moment::After(delay)),
        _ => Err(format!(
            "`{text}` is not a time such as 2030-01-31T12:00:00Z, nor a duration such as 1h"
        )),
    }
}

/// 64 hexadecimal digits.
pub(super) fn sha256(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("a SHA-256 is 64 hexadecimal digits".to_owned())
}

/// An executor's name: ASCII letters, digits and `-._`.
pub(super) fn name(text: &str) -> Result<String, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !text.is_empty() && text.bytes().all(good) && !matches!(text, "." | "..") {
        return Ok(text.to_owned());
    }
    Err("a name is made of ASCII letters, digits, `-`, `.` and `_`".to_owned())
}

/// A job type: not empty, no white space.
pub(super) fn job_type(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err("a type is not empty and has no white space".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{bytes, duration, pair, seconds, whole_seconds};

    #[test]
    fn durations() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("-5s").is_err() && duration("soon").is_err());
        assert_eq!(whole_seconds("2m"), Ok(120));
        assert!(whole_seconds("1500ms").is_err() && whole_seconds("0").is_err());
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("0").is_err() && seconds("nan").is_err() && seconds("-1").is_err());
    }

    #[test]
    fn sizes() {
        assert_eq!(bytes("4096"), Ok(4096));
        assert_eq!(bytes("10G"), Ok(10 << 30));
        assert_eq!(bytes("64 MiB"), Ok(64 << 20));
        assert!(bytes("0").is_err() && bytes("G").is_err() && bytes("99999999T").is_err());
    }

    #[test]
    fn pairs() {
        assert_eq!(pair("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert!(pair("=x").is_err() && pair("x").is_err());
    }
}
