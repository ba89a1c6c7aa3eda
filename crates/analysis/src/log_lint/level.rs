//! How much a message matters, in the words of many loggers.

/// In how many words after its time a plain line has its level.
const LEVEL_WORDS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogLevel {
    Fatal,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// Whatever its case.
    pub(super) fn named(name: &str) -> Option<Self> {
        // No level is longer, and a line may be.
        if name.len() > 11 {
            return None;
        }
        Some(match name.to_ascii_lowercase().as_str() {
            "fatal" | "critical" | "crit" | "alert" | "emerg" | "emergency" | "panic" => {
                Self::Fatal
            }
            "error" | "err" | "severe" => Self::Error,
            "warn" | "warning" => Self::Warn,
            "info" | "information" | "notice" => Self::Info,
            "debug" => Self::Debug,
            "trace" | "verbose" => Self::Trace,
            _ => return None,
        })
    }

    /// 0 to 7 as in syslog, 10 to 60 as loggers of JavaScript write it.
    pub(super) fn numbered(number: u64) -> Option<Self> {
        Some(match number {
            0..=2 | 60 => Self::Fatal,
            3 | 50 => Self::Error,
            4 | 40 => Self::Warn,
            5 | 6 | 30 => Self::Info,
            7 | 20 => Self::Debug,
            10 => Self::Trace,
            _ => return None,
        })
    }

    /// As the first letter of a line.
    pub(super) fn lettered(letter: u8) -> Option<Self> {
        Some(match letter {
            b'F' => Self::Fatal,
            b'E' => Self::Error,
            b'W' => Self::Warn,
            b'I' => Self::Info,
            _ => return None,
        })
    }

    /// The level among the first words: in capitals, in brackets, or before a colon.
    pub(super) fn in_words(text: &str) -> Option<Self> {
        text.split([' ', '\t', '|'])
            .filter(|word| !word.is_empty())
            .take(LEVEL_WORDS)
            .find_map(|word| {
                let bare = word.trim_matches(|one: char| !one.is_alphanumeric());
                let marked = word.starts_with(['[', '<', '(']) || word.ends_with(':');
                let loud = bare.chars().all(char::is_uppercase);
                (marked || loud).then(|| Self::named(bare)).flatten()
            })
    }
}
