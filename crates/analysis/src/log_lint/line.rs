//! One line of a log: which priority it is of, its level, its time, its message.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    level::LogLevel,
    logfmt,
    time::{self, Time},
};

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// One JSON object.
    Json,
    /// Nothing but `key=value`, two at least.
    Logfmt,
    /// Time, host, program: message; with or without its priority.
    Syslog,
    Plain,
}

pub(super) struct LogLine<'a> {
    pub(super) class: Class,
    pub(super) level: Option<LogLevel>,
    pub(super) time: Option<Time>,
    /// What it says, without time and level where they can be told from it.
    pub(super) message: Cow<'a, str>,
    /// All but its time.
    pub(super) content: Cow<'a, str>,
}

const TIME_KEYS: [&str; 7] = [
    "time",
    "timestamp",
    "ts",
    "@timestamp",
    "t",
    "date",
    "datetime",
];
const LEVEL_KEYS: [&str; 6] = [
    "level",
    "lvl",
    "severity",
    "log.level",
    "loglevel",
    "levelname",
];
const MESSAGE_KEYS: [&str; 4] = ["msg", "message", "event", "text"];

impl<'a> LogLine<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let text = text.trim();
        json(text)
            .or_else(|| pairs(text))
            .or_else(|| syslog(text))
            .unwrap_or_else(|| plain(text))
    }
}

fn json(text: &str) -> Option<LogLine<'_>> {
    if !text.starts_with('{') {
        return None;
    }
    let mut fields: Map<String, Value> = serde_json::from_str(text).ok()?;
    let mut found = None;
    for key in TIME_KEYS {
        let read = fields.get(key).and_then(|value| match value {
            Value::String(text) => time::whole(text),
            Value::Number(number) => number.as_f64().and_then(time::since_1970),
            _ => None,
        });
        if read.is_some() {
            fields.remove(key);
            found = found.or(read);
        }
    }
    let level = LEVEL_KEYS.iter().find_map(|key| match fields.get(*key)? {
        Value::String(name) => LogLevel::named(name),
        Value::Number(number) => number.as_u64().and_then(LogLevel::numbered),
        _ => None,
    });
    let message = MESSAGE_KEYS
        .iter()
        .find_map(|key| fields.get(*key)?.as_str());
    let content = serde_json::to_string(&fields).ok()?;
    Some(LogLine {
        class: Class::Json,
        level,
        time: found,
        message: Cow::Owned(message.map_or_else(|| content.clone(), String::from)),
        content: Cow::Owned(content),
    })
}

fn pairs(text: &str) -> Option<LogLine<'_>> {
    let pairs = logfmt::pairs(text).filter(|pairs| pairs.len() > 1)?;
    let find = |keys: &[&str]| {
        let mut named = keys
            .iter()
            .filter_map(|key| pairs.iter().find(|(name, _)| name == key));
        named.next().map(|(_, value)| value.as_ref())
    };
    let time = find(&TIME_KEYS).and_then(|value| {
        let number = || value.parse().ok().and_then(time::since_1970);
        time::whole(value).or_else(number)
    });
    let kept: Vec<String> = pairs
        .iter()
        .filter(|(key, _)| time.is_none() || !TIME_KEYS.contains(key))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let content = kept.join(" ");
    Some(LogLine {
        class: Class::Logfmt,
        level: find(&LEVEL_KEYS).and_then(LogLevel::named),
        time,
        message: Cow::Owned(find(&MESSAGE_KEYS).map_or_else(|| content.clone(), String::from)),
        content: Cow::Owned(content),
    })
}

fn syslog(text: &str) -> Option<LogLine<'_>> {
    let (priority, rest) = match text.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((number, rest)) if number.len() <= 3 => (Some(number.parse::<u64>().ok()?), rest),
        _ => (None, text),
    };
    // The newer form has its version after the priority.
    let newer = priority.and_then(|_| rest.strip_prefix("1 "));
    let (time, length) = time::at_start(newer.unwrap_or(rest))?;
    let content = newer.unwrap_or(rest).get(length..)?.trim_start();
    let (host, after) = content.split_once(' ')?;
    let message = match newer {
        // Program, process, message id, then data in brackets or a dash.
        Some(_) => after.splitn(4, ' ').nth(3)?,
        None => {
            let (tag, message) = after.split_once(": ")?;
            let program = tag.split_once('[').map_or(tag, |(name, _)| name);
            let good = |one: char| one.is_alphanumeric() || "-_./()".contains(one);
            let sure = priority.is_some() || time.is_yearless() || tag.ends_with(']');
            let named = !program.is_empty() && program.chars().all(good);
            if !sure || !named || LogLevel::named(host).is_some() {
                return None;
            }
            message
        }
    };
    let level = priority.and_then(|number| LogLevel::numbered(number % 8));
    Some(LogLine {
        class: Class::Syslog,
        level: level.or_else(|| LogLevel::in_words(message)),
        time: Some(time),
        message: Cow::Borrowed(message),
        content: Cow::Borrowed(content),
    })
}

fn plain(text: &str) -> LogLine<'_> {
    if let Some((time, level, rest)) = time::klog(text) {
        return LogLine {
            class: Class::Plain,
            level: LogLevel::lettered(level),
            time: Some(time),
            message: Cow::Borrowed(rest),
            content: Cow::Borrowed(rest),
        };
    }
    let (time, content) = match time::somewhere(text) {
        Some((time, range)) if range.start <= 1 => {
            let rest = &text[range.end..];
            (
                Some(time),
                Cow::Borrowed(rest.trim_start_matches([']', ' ', '|', '\t'])),
            )
        }
        Some((time, range)) => {
            let around = [&text[..range.start], &text[range.end..]];
            (Some(time), Cow::Owned(around.concat()))
        }
        None => (None, Cow::Borrowed(text)),
    };
    LogLine {
        class: Class::Plain,
        level: LogLevel::in_words(&content),
        time,
        message: content.clone(),
        content,
    }
}

#[cfg(test)]
mod tests;
