//! What is looked for, and where it stands in a text.

use std::{collections::BTreeSet, ops::Range};

use aho_corasick::AhoCorasick;
use serde_json::{Map, Value};

use super::{
    REDACTED,
    forms::{SHORT_BYTES, forms},
};

/// All forms of all secrets.
pub(super) struct Patterns {
    /// Sorted, each once.
    all: Vec<Vec<u8>>,
    finder: AhoCorasick,
    /// The length of the longest.
    longest: usize,
    /// With which bytes they begin.
    first: [bool; 256],
    /// The secrets that a number can be.
    numbers: BTreeSet<String>,
}

impl Patterns {
    /// All forms of these secrets.
    pub(super) fn of(secrets: &BTreeSet<String>) -> Result<Self, aho_corasick::BuildError> {
        let all: BTreeSet<Vec<u8>> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        let mut first = [false; 256];
        for pattern in &all {
            if let Some(byte) = pattern.first() {
                first[usize::from(*byte)] = true;
            }
        }
        let numbers = secrets.iter().map(|secret| secret.trim());
        let numbers = numbers.filter(|secret| secret.len() >= SHORT_BYTES);
        Ok(Self {
            finder: AhoCorasick::new(&all)?,
            longest: all.iter().map(Vec::len).max().unwrap_or(0),
            first,
            numbers: numbers.map(str::to_owned).collect(),
            all: all.into_iter().collect(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Where patterns stand, in order; those that overlap as one.
    pub(super) fn spans(&self, text: &[u8]) -> Vec<Range<usize>> {
        let found = self.finder.find_overlapping_iter(text);
        let mut found: Vec<Range<usize>> = found.map(|found| found.range()).collect();
        found.sort_unstable_by_key(|span| span.start);
        let mut spans: Vec<Range<usize>> = Vec::new();
        for span in found {
            match spans.last_mut() {
                Some(last) if span.start < last.end => last.end = last.end.max(span.end),
                _ => spans.push(span),
            }
        }
        spans
    }

    /// From where on a text may be the beginning of a pattern that goes on in what follows.
    pub(super) fn unfinished_from(&self, text: &[u8]) -> usize {
        let from = text.len().saturating_sub(self.longest.saturating_sub(1));
        let begins = |start: &usize| {
            let rest = &text[*start..];
            if !self.first[usize::from(rest[0])] {
                return false;
            }
            let next = self
                .all
                .partition_point(|pattern| pattern.as_slice() <= rest);
            self.all
                .get(next)
                .is_some_and(|pattern| pattern.starts_with(rest))
        };
        (from..text.len()).find(begins).unwrap_or(text.len())
    }

    /// A text without secrets.
    pub(super) fn text(&self, text: String) -> String {
        let spans = self.spans(text.as_bytes());
        if spans.is_empty() {
            return text;
        }
        let (mut redacted, mut at) = (String::with_capacity(text.len()), 0);
        for span in spans {
            // Patterns are whole texts, so both ends stand between letters.
            redacted.push_str(text.get(at..span.start).unwrap_or_default());
            redacted.push_str(REDACTED);
            at = span.end;
        }
        redacted.push_str(text.get(at..).unwrap_or_default());
        redacted
    }

    /// A value without secrets, in its texts, its names and its numbers.
    pub(super) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Number(number) if self.numbers.contains(&number.to_string()) => REDACTED.into(),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => self.map(map).into(),
            other => other,
        }
    }

    pub(super) fn map(&self, map: Map<String, Value>) -> Map<String, Value> {
        let entries = map.into_iter();
        entries
            .map(|(name, value)| (self.text(name), self.value(value)))
            .collect()
    }
}
