//! What the contract allows of a program's output: its head and its tail, in bounded memory.

use std::collections::VecDeque;

use crate::text::lossy;

/// The longest standard output, and the longest standard error, of a job's result.
pub const OUTPUT_LIMIT_BYTES: usize = 1 << 20;

/// What is kept at either end: together all that may be told.
const HALF_BYTES: usize = OUTPUT_LIMIT_BYTES / 2;

/// The head and the tail of everything that was added.
#[derive(Debug, Default)]
pub struct Excerpt {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: usize,
}

impl Excerpt {
    /// Adds what came next.
    pub fn add(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len());
        let (head, rest) = bytes.split_at(bytes.len().min(HALF_BYTES - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(HALF_BYTES)..];
        let surplus = (self.tail.len() + rest.len()).saturating_sub(HALF_BYTES);
        self.tail.drain(..surplus);
        self.tail.extend(rest);
    }

    /// The text, at most [`OUTPUT_LIMIT_BYTES`]. What is not UTF-8 becomes U+FFFD; when something
    /// was cut out of the middle, a line there says how many of the bytes that were added.
    #[must_use]
    pub fn text(self) -> String {
        let tail: Vec<u8> = self.tail.into();
        if self.head.len() + tail.len() < self.total {
            return cut(&self.head, &tail, self.total);
        }
        // The two halves may meet inside a character.
        shorten([self.head, tail].concat())
    }
}

/// What [`Excerpt::text`] tells when all of `bytes` was added.
#[must_use]
pub fn excerpt(bytes: impl Into<Vec<u8>>) -> String {
    shorten(bytes.into())
}

fn shorten(bytes: Vec<u8>) -> String {
    // U+FFFD can be longer than what it stands for.
    if bytes.len() <= OUTPUT_LIMIT_BYTES && text_bytes(&bytes) <= OUTPUT_LIMIT_BYTES {
        return lossy(bytes);
    }
    cut(&bytes, &bytes, bytes.len())
}

/// The beginning of `head`, the mark, and the end of `tail`. Neither may reach the middle of what is
/// left out: there a character could be halved.
fn cut(head: &[u8], tail: &[u8], total: usize) -> String {
    let mark = |cut: usize| format!("\n[... {cut} bytes cut ...]\n");
    let room = OUTPUT_LIMIT_BYTES - mark(total).len();
    let (start, kept_first) = between(head, 0, room / 2);
    let end_at = text_bytes(tail);
    let (end, kept_last) = between(tail, end_at.saturating_sub(room - room / 2), end_at);
    let mark = mark(total.saturating_sub(kept_first + kept_last));
    format!("{start}{mark}{end}")
}

/// The whole characters between two positions in the text of `bytes`, and how many of the bytes they
/// stand for.
fn between(bytes: &[u8], from: usize, to: usize) -> (String, usize) {
    let (mut text, mut kept, mut at) = (String::new(), 0, 0);
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        let start = valid.ceil_char_boundary(from.saturating_sub(at));
        let end = valid.floor_char_boundary(to.saturating_sub(at));
        let whole = valid.get(start..end).unwrap_or_default();
        text.push_str(whole);
        kept += whole.len();
        at += valid.len();
        if !chunk.invalid().is_empty() {
            let after = at + char::REPLACEMENT_CHARACTER.len_utf8();
            if from <= at && after <= to {
                text.push(char::REPLACEMENT_CHARACTER);
                kept += chunk.invalid().len();
            }
            at = after;
        }
    }
    (text, kept)
}

/// How long the text of `bytes` is.
fn text_bytes(bytes: &[u8]) -> usize {
    let lengths = bytes.utf8_chunks().map(|chunk| {
        let replaced = !chunk.invalid().is_empty();
        chunk.valid().len() + usize::from(replaced) * char::REPLACEMENT_CHARACTER.len_utf8()
    });
    lengths.sum()
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, OUTPUT_LIMIT_BYTES, excerpt};

    /// The excerpt, which is the same however the bytes come.
    fn cut(bytes: &[u8]) -> String {
        let whole = excerpt(bytes);
        for step in [1000, 4097, 3 << 20] {
            let mut excerpt = Excerpt::default();
            bytes.chunks(step).for_each(|chunk| excerpt.add(chunk));
            assert!(excerpt.text() == whole, "in steps of {step}");
        }
        assert!(whole.len() <= OUTPUT_LIMIT_BYTES, "{}", whole.len());
        whole
    }

    /// The head, the number in the mark, the tail.
    fn parts(cut: &str) -> (&str, usize, &str) {
        let (head, rest) = cut.split_once("\n[... ").expect("a mark");
        let (number, tail) = rest.split_once(" bytes cut ...]\n").expect("a mark");
        (head, number.parse().expect("a number"), tail)
    }

    #[test]
    fn keeps_what_fits_as_it_is() {
        assert_eq!(cut(b""), "");
        assert_eq!(cut(b"a\0b\xffc"), "a\0b\u{fffd}c");
        // To the last byte, and with a character across the middle.
        let text = format!("a{}xyz", "\u{1f600}".repeat(OUTPUT_LIMIT_BYTES / 4 - 1));
        assert_eq!(text.len(), OUTPUT_LIMIT_BYTES);
        assert!(cut(text.as_bytes()) == text);
    }

    #[test]
    fn cuts_the_middle_on_character_boundaries_and_says_how_much() {
        for shift in ["", "a", "ab", "abc"] {
            for letter in ["x", "\u{20ac}", "\u{1f600}"] {
                let text = format!("{shift}{}end", letter.repeat(OUTPUT_LIMIT_BYTES));
                let cut = cut(text.as_bytes());
                assert!(cut.len() > OUTPUT_LIMIT_BYTES - 10);
                let (head, number, tail) = parts(&cut);
                assert!(text.starts_with(head) && text.ends_with(tail));
                assert_eq!(head.len() + number + tail.len(), text.len());
            }
        }
    }

    #[test]
    fn counts_the_bytes_that_came_also_when_they_are_replaced() {
        for size in [400 << 10, OUTPUT_LIMIT_BYTES, 5 << 20] {
            let cut = cut(&vec![0xff; size]);
            let (head, number, tail) = parts(&cut);
            let kept = head.chars().chain(tail.chars());
            assert_eq!(kept.filter(|one| *one == '\u{fffd}').count() + number, size);
            assert_eq!(head.len() + tail.len(), 3 * (size - number));
        }
    }
}
