//! The manifest as it is written. Values that are wrong by themselves are refused while it is read,
//! so that the error has their place.

use std::{ops::RangeInclusive, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use super::{
    Entry, ManifestError, is_inside, place, placed,
    texts::{Field, Name, Sentence, Unit, Version},
    whole,
};
use crate::{
    limits::Limits,
    metrics::{Direction, Metric, MetricKind},
};

const MEMORY: RangeInclusive<i64> = 1 << 20..=4 << 30;
const TIMEOUT: RangeInclusive<i64> = 1..=24 * 60 * 60 * 1000;
const FUEL: RangeInclusive<i64> = 1..=i64::MAX;
const OUTPUT: RangeInclusive<i64> = 1 << 10..=64 << 20;
const STORAGE: RangeInclusive<i64> = 0..=16 << 20;

/// How many metrics one plugin may declare.
const MOST_METRICS: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) name: Name,
    pub(super) version: Version,
    #[serde(default)]
    pub(super) description: Sentence,
    #[serde(default = "hundred")]
    pub(super) order: i64,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    pub(super) kind: Spanned<Kind>,
    pub(super) entry: Option<Spanned<Called>>,
    network: Option<Spanned<Vec<Spanned<String>>>>,
    limits: Option<Limited>,
    pub(super) input: Option<Input>,
    #[serde(default)]
    metrics: Vec<Declared>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Wasm,
    Process,
}

/// A component's file, or a program and its arguments.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a file's name, or a list of words")]
pub(super) enum Called {
    File(String),
    Argv(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// A table, or the name of a file.
    pub(super) schema: Option<Spanned<toml::Value>>,
    /// The same.
    pub(super) output_schema: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limited {
    memory_bytes: Option<Spanned<i64>>,
    timeout_ms: Option<Spanned<i64>>,
    fuel: Option<Spanned<i64>>,
    output_bytes: Option<Spanned<i64>>,
    storage_bytes: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    name: Spanned<Field>,
    #[serde(rename = "type")]
    kind: MetricKind,
    #[serde(default)]
    unit: Unit,
    #[serde(default)]
    direction: Direction,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default)]
    description: Sentence,
}

fn hundred() -> i64 {
    100
}

fn yes() -> bool {
    true
}

impl Shape {
    pub(super) fn parse(text: &str) -> Result<Self, ManifestError> {
        toml::from_str(text).map_err(|error| match error.span() {
            Some(span) => placed(text, span.start, error.message()),
            None => whole(error.message()),
        })
    }

    pub(super) fn entry(&self, text: &str) -> Result<Entry, ManifestError> {
        let Some(entry) = &self.entry else {
            return Err(place(text, &self.kind, "an entry is missing"));
        };
        let wrong = |message: &str| Err(place(text, entry, message));
        match (self.kind.get_ref(), entry.get_ref()) {
            (Kind::Wasm, Called::File(file)) if is_inside(file) => Ok(Entry::Wasm {
                file: file.clone(),
                network: self.network(text)?,
            }),
            (Kind::Wasm, _) => wrong("the entry of a wasm plugin is a file of its folder"),
            (Kind::Process, Called::File(_)) => wrong("the entry of a process is a list of words"),
            (Kind::Process, Called::Argv(argv)) => {
                if let Some(network) = &self.network {
                    return Err(place(
                        text,
                        network,
                        "only a wasm plugin has a network list",
                    ));
                }
                match argv.first().map(String::as_str) {
                    None | Some("") => wrong("the entry names no program"),
                    Some(program) if program.contains('/') && !program.starts_with("./") => {
                        wrong("a program is a file of the folder, `./name`, or a name on PATH")
                    }
                    Some(_) if argv.iter().any(|word| word.contains('\0')) => {
                        wrong("the entry contains NUL")
                    }
                    Some(_)
                        if argv
                            .iter()
                            .any(|word| word.starts_with("./") && !is_inside(word)) =>
                    {
                        wrong("the entry leads out of the folder")
                    }
                    Some(_) => Ok(Entry::Process { argv: argv.clone() }),
                }
            }
        }
    }

    /// Hosts in lower case, so that they compare.
    fn network(&self, text: &str) -> Result<Vec<String>, ManifestError> {
        let hosts = self.network.as_ref().map(Spanned::get_ref);
        let checked = hosts.into_iter().flatten().map(|host| {
            let (name, port) = match host.get_ref().rsplit_once(':') {
                Some((name, port)) => (name, port.parse::<u16>().is_ok_and(|port| port > 0)),
                None => (host.get_ref().as_str(), true),
            };
            let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
            if port && !name.is_empty() && name.bytes().all(good) {
                return Ok(host.get_ref().to_ascii_lowercase());
            }
            Err(place(text, host, "a host is `name` or `name:port`"))
        });
        checked.collect()
    }

    pub(super) fn limits(&self, text: &str) -> Result<Limits, ManifestError> {
        let mut limits = Limits::default();
        let Some(set) = &self.limits else {
            return Ok(limits);
        };
        let check = |value: &Option<Spanned<i64>>, range: RangeInclusive<i64>| match value {
            Some(value) if !range.contains(value.get_ref()) => {
                let (least, most) = (range.start(), range.end());
                let message = format!("a number from {least} to {most} is expected");
                Err(place(text, value, message))
            }
            Some(value) => Ok(Some(value.get_ref().unsigned_abs())),
            None => Ok(None),
        };
        if let Some(bytes) = check(&set.memory_bytes, MEMORY)? {
            limits.memory_bytes = bytes;
        }
        if let Some(milliseconds) = check(&set.timeout_ms, TIMEOUT)? {
            limits.timeout = Duration::from_millis(milliseconds);
        }
        if let Some(bytes) = check(&set.output_bytes, OUTPUT)? {
            limits.output_bytes = bytes;
        }
        if let Some(bytes) = check(&set.storage_bytes, STORAGE)? {
            limits.storage_bytes = bytes;
        }
        limits.fuel = check(&set.fuel, FUEL)?;
        match &set.fuel {
            Some(fuel) if *self.kind.get_ref() == Kind::Process => {
                Err(place(text, fuel, "only a wasm plugin has fuel"))
            }
            _ => Ok(limits),
        }
    }

    pub(super) fn metrics(&self, text: &str) -> Result<Vec<Metric>, ManifestError> {
        let mut metrics: Vec<Metric> = Vec::new();
        for declared in &self.metrics {
            let name = &declared.name.get_ref().0;
            if metrics.iter().any(|metric| metric.name == *name) {
                let message = format!("the metric {name} is declared twice");
                return Err(place(text, &declared.name, message));
            }
            if metrics.len() == MOST_METRICS {
                let message = format!("more than {MOST_METRICS} metrics");
                return Err(place(text, &declared.name, message));
            }
            metrics.push(Metric {
                name: name.clone(),
                kind: declared.kind,
                unit: declared.unit.0.clone(),
                direction: declared.direction,
                required: declared.required,
                description: declared.description.0.clone(),
            });
        }
        Ok(metrics)
    }
}
