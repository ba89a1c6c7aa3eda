//! Messages with their numbers masked, and how often each occurs.

use std::{cmp::Reverse, collections::HashMap};

use serde::Serialize;

/// How much of a message makes its shape.
const SHAPE_CHARS: usize = 200;

/// How many shapes are told apart; further ones are one.
const DISTINCT: usize = 10_000;
const OTHER: &str = "(other)";

/// A shape, and how many lines have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frequent {
    /// The message with each number replaced by `#`.
    pub shape: String,
    /// How many lines.
    pub count: u64,
}

#[derive(Debug, Default)]
pub(super) struct Shapes(HashMap<String, u64>);

impl Shapes {
    pub(super) fn add(&mut self, message: &str) {
        let shape = masked(message);
        let known = self.0.len() < DISTINCT || self.0.contains_key(&shape);
        let shape = if known { shape } else { String::from(OTHER) };
        *self.0.entry(shape).or_default() += 1;
    }

    pub(super) fn distinct(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn most_frequent(self, top: usize) -> Vec<Frequent> {
        let counted = self.0.into_iter();
        let mut shapes: Vec<Frequent> = counted
            .map(|(shape, count)| Frequent { shape, count })
            .collect();
        shapes.sort_by(|one, other| {
            (Reverse(one.count), &one.shape).cmp(&(Reverse(other.count), &other.shape))
        });
        shapes.truncate(top);
        shapes
    }
}

/// Masks numbers: decimal with their dots, `0x…`, UUIDs, and words of eight and more hexadecimal
/// digits with a decimal one among them. Folds white space.
fn masked(message: &str) -> String {
    let mut shape = String::new();
    let mut rest = message.trim();
    let mut length = 0;
    while let Some(first) = rest.chars().next() {
        if length >= SHAPE_CHARS {
            shape.push_str("...");
            break;
        }
        let taken = if let Some(number) = number(rest) {
            shape.push('#');
            length += 1;
            number
        } else if first.is_alphabetic() {
            let end = rest
                .find(|one: char| !one.is_alphabetic())
                .unwrap_or(rest.len());
            // A word without end is cut, and that of a number's start is looked at again.
            let word: String = rest[..end].chars().take(SHAPE_CHARS - length).collect();
            length += word.chars().count();
            shape.push_str(&word);
            word.len()
        } else if first.is_whitespace() {
            shape.push(' ');
            length += 1;
            rest.len() - rest.trim_start().len()
        } else {
            shape.push(first);
            length += 1;
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    shape
}

/// How long the number is that the text begins with.
fn number(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if is_uuid(bytes) {
        return Some(36);
    }
    let hex = |from: usize| {
        from + bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count()
    };
    let ends = |at: usize| !text[at..].starts_with(char::is_alphanumeric);
    if text.starts_with("0x") && hex(2) > 2 && ends(hex(2)) {
        return Some(hex(2));
    }
    let word = hex(0);
    if word >= 8 && ends(word) && bytes[..word].iter().any(u8::is_ascii_digit) {
        return Some(word);
    }
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if end == 0 {
        return None;
    }
    while bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    Some(end)
}

fn is_uuid(bytes: &[u8]) -> bool {
    let sign = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    let ends = bytes
        .get(36)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    bytes.len() >= 36 && ends && bytes[..36].iter().enumerate().all(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_masked() {
        for (message, shape) in [
            ("took 15 ms, 3.5%", "took # ms, #%"),
            ("from 10.0.0.1:8080", "from #:#"),
            ("worker12 done", "worker# done"),
            ("at 0xdeadBEEF now", "at # now"),
            ("id 123e4567-e89b-12d3-a456-426614174000!", "id #!"),
            (
                "commit fb9b1a5c0 of deadbeef facade",
                "commit # of deadbeef facade",
            ),
            ("a  \t b", "a b"),
            ("version 1.2.3-rc", "version #-rc"),
            ("Größe 5 敏捷 7 😀", "Größe # 敏捷 # 😀"),
            ("", ""),
        ] {
            assert_eq!(masked(message), shape);
        }
    }

    #[test]
    fn a_shape_is_bounded() {
        for long in [
            "x".repeat(100_000),
            "x 1 ".repeat(100_000),
            "敏".repeat(100_000),
        ] {
            assert!(masked(&long).chars().count() <= SHAPE_CHARS + 3);
        }
    }

    #[test]
    fn shapes_are_bounded() {
        let mut shapes = Shapes::default();
        for index in 0..12_000_u32 {
            let letters: String = index
                .to_string()
                .bytes()
                .map(|byte| char::from(byte - b'0' + b'a'))
                .collect();
            shapes.add(&letters);
        }
        assert_eq!(shapes.distinct(), 10_001);
        let first = shapes.most_frequent(1).remove(0);
        assert_eq!((first.shape.as_str(), first.count), (OTHER, 2_000));
    }
}
