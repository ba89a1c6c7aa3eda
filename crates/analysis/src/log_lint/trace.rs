//! Stack traces, as runtimes print them over several lines.

/// A line of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TraceLine {
    First,
    Further,
}

/// Knows whether the lines before were of a trace.
#[derive(Debug, Default)]
pub(super) struct Traces(Option<TraceKind>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TraceKind {
    /// Lines that begin with `at`: Java, JavaScript, C#, and Rust with its numbers.
    Frames,
    /// Indented lines, then the error.
    Python,
    /// Everything up to an empty line.
    Go,
}

impl Traces {
    /// Which part of a trace the line is, if it is one.
    pub(super) fn part(&mut self, line: &str) -> Option<TraceLine> {
        if let Some(kind) = begun(line) {
            self.0 = Some(kind);
            return Some(TraceLine::First);
        }
        let blank = line.trim().is_empty();
        match self.0 {
            None if is_frame(line) => {
                self.0 = Some(TraceKind::Frames);
                Some(TraceLine::First)
            }
            None => None,
            Some(TraceKind::Frames) if is_frame(line) || is_between(line) => {
                Some(TraceLine::Further)
            }
            Some(TraceKind::Python) if line.starts_with([' ', '\t']) && !blank => {
                Some(TraceLine::Further)
            }
            Some(TraceKind::Go) if !blank => Some(TraceLine::Further),
            Some(TraceKind::Python) if !blank => {
                self.0 = None;
                Some(TraceLine::Further)
            }
            Some(_) => {
                self.0 = None;
                None
            }
        }
    }
}

fn begun(line: &str) -> Option<TraceKind> {
    let text = line.trim();
    if text.starts_with("Traceback (most recent call last)") {
        return Some(TraceKind::Python);
    }
    if text == "stack backtrace:" {
        return Some(TraceKind::Frames);
    }
    (text.starts_with("goroutine ") && text.ends_with("]:")).then_some(TraceKind::Go)
}

/// `    at name (file:1:2)`, or `  12: name` of Rust.
fn is_frame(line: &str) -> bool {
    if !line.starts_with([' ', '\t']) {
        return false;
    }
    let text = line.trim_start();
    let numbered = || {
        text.split_once(": ")
            .is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.starts_with("at ") || numbered()
}

/// What stands between the frames of one trace.
fn is_between(line: &str) -> bool {
    let text = line.trim_start();
    let more = text.starts_with("... ") && text.contains(" more");
    more || text.starts_with("Caused by:") || text.starts_with("Suppressed:")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many traces there are, and how many lines of them.
    fn count(text: &str) -> (usize, usize) {
        let mut traces = Traces::default();
        let parts: Vec<TraceLine> = text.lines().filter_map(|line| traces.part(line)).collect();
        (
            parts
                .iter()
                .filter(|part| **part == TraceLine::First)
                .count(),
            parts.len(),
        )
    }

    #[test]
    fn traces_of_each_language_are_found() {
        let java = "x.E: no\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\nCaused by: y.F\n\tat a.G.h(G.java:3)\n\t... 2 more\nnext";
        assert_eq!(count(java), (1, 5));
        let python = "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\nValueError: no\nnext";
        assert_eq!(count(python), (1, 4));
        let go = "panic: no\n\ngoroutine 1 [running]:\nmain.main()\n\t/a/main.go:4 +0x1d\n\nnext";
        assert_eq!(count(go), (1, 3));
        let rust = "thread 'main' panicked\nstack backtrace:\n   0: core::panic\n             at /rustc/a.rs:1:2\n   1: main\nnote: x";
        assert_eq!(count(rust), (1, 4));
        let two = "TypeError: x\n    at f (a.js:1:2)\nnext\nTypeError: y\n    at g (a.js:3:4)";
        assert_eq!(count(two), (2, 2));
    }

    #[test]
    fn other_lines_are_no_trace() {
        assert_eq!(
            count("at home\n  indented\n\n  attack\nCaused by: rain\n  12:30 tea"),
            (0, 0)
        );
    }
}
