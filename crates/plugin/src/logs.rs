//! What a plugin logged and printed during a call, bounded.

use serde::Serialize;

use crate::protocol::{Level, Log};

/// How much of one message is kept, in bytes.
const MESSAGE_BYTES: usize = 16 << 10;

/// How much is kept of one call, in bytes.
const TOTAL_BYTES: usize = 256 << 10;

/// What a line costs beside its message, so that empty ones are not free.
const LINE_COST: usize = 32;

/// The log of one call: its beginning, and how many lines of the rest were dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Logs {
    /// In the order in which they came.
    pub lines: Vec<Log>,
    /// How many lines came after these.
    pub dropped: u64,
    #[serde(skip)]
    bytes: usize,
}

impl Logs {
    pub(crate) fn push(&mut self, level: Level, message: &str) {
        let kept = cut(message, MESSAGE_BYTES);
        if self.bytes + kept.len() + LINE_COST > TOTAL_BYTES {
            self.dropped += 1;
            return;
        }
        self.bytes += kept.len() + LINE_COST;
        let mut message_kept = String::from(kept);
        if kept.len() < message.len() {
            message_kept.push_str(" [...]");
        }
        self.lines.push(Log {
            level,
            message: message_kept,
        });
    }
}

/// Collects bytes that a program prints into lines. A line without an end is not kept longer than a
/// message may be.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    line: Vec<u8>,
}

impl Printed {
    pub(crate) fn push(&mut self, bytes: &[u8], logs: &mut Logs) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            // One byte more than is kept, so that the cut shows.
            let room = (MESSAGE_BYTES + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                self.end(logs);
            }
        }
    }

    /// Whatever stands after the last line's end is a line as well.
    pub(crate) fn finish(&mut self, logs: &mut Logs) {
        if !self.line.is_empty() {
            self.end(logs);
        }
    }

    fn end(&mut self, logs: &mut Logs) {
        let line = std::mem::take(&mut self.line);
        logs.push(Level::Info, String::from_utf8_lossy(&line).trim_end());
    }
}

/// The first `most` bytes of a text, or a little less where that would cut a character.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_keeps_its_beginning_and_counts_the_rest() {
        let mut logs = Logs::default();
        for _ in 0..100_000 {
            logs.push(Level::Info, "0123456789");
        }
        assert_eq!(logs.lines.len() as u64 + logs.dropped, 100_000);
        assert!(logs.dropped > 0 && logs.lines.len() > 1000);
    }

    #[test]
    fn long_lines_and_lines_without_an_end_are_cut() {
        let mut logs = Logs::default();
        let mut printed = Printed::default();
        printed.push(b"one\ntwo", &mut logs);
        printed.push(&[b'x'; 1 << 20], &mut logs);
        printed.push(b"\nlast", &mut logs);
        printed.finish(&mut logs);
        let lines: Vec<&str> = logs.lines.iter().map(|line| &*line.message).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!((lines[0], lines[2]), ("one", "last"));
        assert!(lines[1].starts_with("twox") && lines[1].ends_with(" [...]"));
        assert!(lines[1].len() < MESSAGE_BYTES + 10);
    }
}
