//! The forms of values: booleans, durations, ports, lists of `K=V`.

use std::collections::BTreeMap;

use super::Visibility;

/// Only the literal `true` is true.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}

/// A number of `ms`, `s` or `m`, in milliseconds.
pub(super) fn duration(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    let number = number.parse::<u64>().ok().filter(|number| *number > 0);
    number
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .ok_or_else(|| {
            "expected a duration above zero in ms, s or m, such as `500ms`, `10s` or `1m`"
                .to_owned()
        })
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    let number = text.parse::<u16>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a port from 1 to 65535".to_owned())
}

pub(super) fn retries(text: &str) -> Result<u32, String> {
    let number = text.parse::<u32>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a whole number of at least 1".to_owned())
}

pub(super) fn visibility(text: &str) -> Result<Visibility, String> {
    match text {
        "external" => Ok(Visibility::External),
        "internal" => Ok(Visibility::Internal),
        _ => Err("expected `external` or `internal`".to_owned()),
    }
}

/// `external:PORT`, `internal:PORT` or a bare port.
pub(super) fn expose(text: &str) -> Result<(Visibility, u16), String> {
    let (who, number) = text.split_once(':').unwrap_or(("external", text));
    visibility(who)
        .ok()
        .zip(port(number).ok())
        .ok_or_else(|| "expected `external:PORT`, `internal:PORT` or a port".to_owned())
}

/// `@` or a DNS label in lower case.
pub(super) fn subdomain(text: &str) -> Result<String, String> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let label = bytes.first().copied().is_some_and(inner)
        && bytes.last().copied().is_some_and(inner)
        && bytes.iter().all(|byte| inner(*byte) || *byte == b'-')
        && bytes.len() <= 63;
    if text == "@" || label {
        return Ok(text.to_owned());
    }
    Err(
        "expected `@` or at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends"
            .to_owned(),
    )
}

/// `K=V` with commas between them. Values have no commas.
pub(super) fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let items = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items
        .map(|item| match item.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok((key.trim().to_owned(), value.to_owned()))
            }
            _ => Err(format!(
                "expected `KEY=value` with commas between them, got `{item}`"
            )),
        })
        .collect()
}

pub(super) fn absolute_path(text: &str) -> Result<String, String> {
    let parts = text.split('/');
    if text.starts_with('/') && text.len() > 1 && !parts.into_iter().any(|part| part == "..") {
        return Ok(text.to_owned());
    }
    Err("expected an absolute path below `/`, without `..`".to_owned())
}

/// A path inside the checkout.
pub(super) fn relative_path(text: &str) -> Result<String, String> {
    let outside = text.starts_with('/') || text.split('/').any(|part| part == "..");
    if text.is_empty() || outside {
        return Err("expected a path inside the checkout: relative and without `..`".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn url_path(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.starts_with('/') && plain {
        return Ok(text.to_owned());
    }
    Err("expected a path that starts with `/`, without spaces".to_owned())
}

pub(super) fn not_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("expected a value, got nothing".to_owned());
    }
    Ok(text.to_owned())
}
