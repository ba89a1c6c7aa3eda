//! What containers print, put together to lines.

use std::mem;

use bollard::container::LogOutput;
use bytes::Bytes;
use jiff::Timestamp;

/// A longer line is cut into pieces, so that no program fills our memory.
const LONGEST: usize = 64 * 1024;

/// One line of what a container printed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContainerLine {
    /// When its first piece was printed, by the clock of the engine's host.
    pub at: Option<Timestamp>,
    /// Where it was printed.
    pub stream: ContainerStream,
    /// The line without its end. The engine's usual log keeps text only: what was no UTF-8 is replaced.
    pub text: Bytes,
}

/// Where a container prints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContainerStream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
    /// Its terminal, which is both.
    Terminal,
}

/// Puts pieces of output together. Each piece, or each line of a terminal, begins with its time.
#[derive(Default)]
pub(super) struct LineBuffer {
    streams: [Pending; 3],
}

#[derive(Default)]
struct Pending {
    at: Option<Timestamp>,
    text: Vec<u8>,
}

impl LineBuffer {
    /// Takes a piece, hands out the lines that it ends.
    pub(super) fn push(&mut self, output: LogOutput) -> Vec<ContainerLine> {
        let (stream, message) = match output {
            LogOutput::StdOut { message } => (ContainerStream::Stdout, message),
            LogOutput::StdErr { message } => (ContainerStream::Stderr, message),
            LogOutput::Console { message } => (ContainerStream::Terminal, message),
            LogOutput::StdIn { .. } => return Vec::new(),
        };
        let mut lines = Vec::new();
        let pending = &mut self.streams[stream as usize];
        for piece in message.split_inclusive(|byte| *byte == b'\n') {
            let (at, text) = timed(piece);
            if pending.text.is_empty() {
                pending.at = at;
            }
            let ended = text.last() == Some(&b'\n');
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            pending.text.extend_from_slice(text);
            if ended || pending.text.len() >= LONGEST {
                lines.push(pending.take(stream));
            }
        }
        lines
    }

    /// Hands out what had no end.
    pub(super) fn finish(&mut self) -> Vec<ContainerLine> {
        let streams = [
            ContainerStream::Stdout,
            ContainerStream::Stderr,
            ContainerStream::Terminal,
        ];
        let pending = streams.into_iter().zip(&mut self.streams);
        pending
            .filter(|(_, pending)| !pending.text.is_empty())
            .map(|(stream, pending)| pending.take(stream))
            .collect()
    }
}

impl Pending {
    fn take(&mut self, stream: ContainerStream) -> ContainerLine {
        ContainerLine {
            at: self.at.take(),
            stream,
            text: mem::take(&mut self.text).into(),
        }
    }
}

/// A piece, and the time before it.
fn timed(piece: &[u8]) -> (Option<Timestamp>, &[u8]) {
    // Nothing longer is a time.
    let head = &piece[..piece.len().min(36)];
    let Some(end) = memchr::memchr(b' ', head) else {
        return (None, piece);
    };
    let time = std::str::from_utf8(&head[..end]).ok();
    match time.and_then(|text| text.parse().ok()) {
        Some(at) => (Some(at), &piece[end + 1..]),
        None => (None, piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-01-02T03:04:05.000000006Z";

    fn stdout(text: &str) -> LogOutput {
        LogOutput::StdOut {
            message: format!("{AT} {text}").into(),
        }
    }

    fn texts(lines: &[ContainerLine]) -> Vec<String> {
        let text = |line: &ContainerLine| String::from_utf8_lossy(&line.text).into_owned();
        lines.iter().map(text).collect()
    }

    #[test]
    fn pieces_become_lines_and_streams_do_not_mix() {
        let mut buffer = LineBuffer::default();
        assert!(buffer.push(stdout("one")).is_empty());
        let message = format!("{AT} other\n").into();
        let lines = buffer.push(LogOutput::StdErr { message });
        assert_eq!(texts(&lines), ["other"]);
        assert_eq!(lines[0].stream, ContainerStream::Stderr);
        let lines = buffer.push(stdout(" two\n"));
        assert_eq!(texts(&lines), ["one two"]);
        assert_eq!(lines[0].at, Some(AT.parse().unwrap()));
        assert!(buffer.push(stdout("rest")).is_empty());
        assert_eq!(texts(&buffer.finish()), ["rest"]);
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut buffer = LineBuffer::default();
        let lines = buffer.push(stdout(&"x".repeat(LONGEST)));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].text.len(), LONGEST);
    }

    #[test]
    fn lines_of_a_terminal_lose_their_carriage_return() {
        let mut buffer = LineBuffer::default();
        let message = format!("{AT} hello\r\n").into();
        let lines = buffer.push(LogOutput::Console { message });
        assert_eq!(texts(&lines), ["hello"]);
        assert_eq!(lines[0].stream, ContainerStream::Terminal);
    }

    #[test]
    fn text_that_is_no_time_stays() {
        let message = Bytes::from("no time here\n");
        let lines = LineBuffer::default().push(LogOutput::StdOut { message });
        assert_eq!(texts(&lines), ["no time here"]);
        assert_eq!(lines[0].at, None);
    }
}
