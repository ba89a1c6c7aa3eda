//! The head and the tail of a stream, in bounded memory.

use std::collections::VecDeque;

use super::EXCERPT_LIMIT_BYTES;

/// Space that the marker may take.
const MARKER_BYTES: usize = 64;

/// What is kept at either end.
const HALF_BYTES: usize = EXCERPT_LIMIT_BYTES / 2 - MARKER_BYTES;

/// The head and the tail of everything that was added.
#[derive(Debug, Default)]
pub struct Excerpt {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Excerpt {
    /// Adds what came next.
    pub fn add(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(HALF_BYTES - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(HALF_BYTES)..];
        let surplus = (self.tail.len() + rest.len()).saturating_sub(HALF_BYTES);
        self.tail.drain(..surplus);
        self.tail.extend(rest);
    }

    /// The text, at most 1 MiB. What is not UTF-8 becomes U+FFFD; when something was cut out of the
    /// middle a line there says how many bytes.
    #[must_use]
    pub fn text(self) -> String {
        let kept = (self.head.len() + self.tail.len()) as u64;
        let tail: Vec<u8> = self.tail.into();
        if kept == self.total {
            // The two halves may meet inside a character.
            let whole = lossy([self.head, tail].concat());
            return if whole.len() <= EXCERPT_LIMIT_BYTES {
                whole
            } else {
                // Replacing made it longer.
                join(&whole, &whole, self.total)
            };
        }
        let head = lossy(without_cut_end(&self.head).to_vec());
        let tail = lossy(without_cut_start(&tail).to_vec());
        join(&head, &tail, self.total)
    }
}

/// The first half of `head` and the last of `tail`, with the marker between.
fn join(head: &str, tail: &str, total: u64) -> String {
    let head = &head[..head.floor_char_boundary(HALF_BYTES)];
    let tail = &tail[tail.ceil_char_boundary(tail.len().saturating_sub(HALF_BYTES))..];
    let cut = total.saturating_sub((head.len() + tail.len()) as u64);
    format!("{head}\n[... {cut} bytes cut ...]\n{tail}")
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Without the beginning of a character at the end, whose rest was cut off.
fn without_cut_end(bytes: &[u8]) -> &[u8] {
    for back in 1..=bytes.len().min(3) {
        let end = bytes.len() - back;
        let needed = match bytes[end] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return bytes,
        };
        return if needed > back { &bytes[..end] } else { bytes };
    }
    bytes
}

/// Without the end of a character at the start, whose beginning was cut off.
fn without_cut_start(bytes: &[u8]) -> &[u8] {
    let cut = bytes
        .iter()
        .take(3)
        .take_while(|byte| (0x80..=0xbf).contains(*byte))
        .count();
    &bytes[cut..]
}

#[cfg(test)]
mod tests {
    use super::{EXCERPT_LIMIT_BYTES, Excerpt};

    fn excerpt(bytes: &[u8], step: usize) -> String {
        let mut excerpt = Excerpt::default();
        bytes.chunks(step).for_each(|chunk| excerpt.add(chunk));
        excerpt.text()
    }

    #[test]
    fn keeps_what_fits_as_it_is() {
        assert_eq!(excerpt(b"", 1), "");
        assert_eq!(excerpt(b"a\0b\xffc", 1), "a\0b\u{fffd}c");
        let text = "é€😀".repeat(EXCERPT_LIMIT_BYTES / 10);
        assert_eq!(excerpt(text.as_bytes(), 7), text);
    }

    #[test]
    fn cuts_the_middle_on_character_boundaries_and_says_how_much() {
        for step in [1000, 4097, 3 << 20] {
            for shift in ["", "a", "ab", "abc"] {
                let text = format!("{shift}{}", "😀".repeat(EXCERPT_LIMIT_BYTES));
                let cut = excerpt(text.as_bytes(), step);
                assert!(cut.len() <= EXCERPT_LIMIT_BYTES);
                assert!(cut.len() > EXCERPT_LIMIT_BYTES - 300);
                assert!(!cut.contains('\u{fffd}'));
                let marker = cut.lines().nth(1).expect("a marker");
                let kept = cut.len() - marker.len() - 2;
                assert_eq!(marker, format!("[... {} bytes cut ...]", text.len() - kept));
            }
        }
    }

    #[test]
    fn stays_within_the_limit_when_everything_is_replaced() {
        for size in [400 << 10, EXCERPT_LIMIT_BYTES - 1000, 5 << 20] {
            let cut = excerpt(&vec![0xff; size], 65_536);
            assert!(cut.len() <= EXCERPT_LIMIT_BYTES, "{size}: {}", cut.len());
        }
    }
}
