//! What a plugin logged, as a job keeps it.

use plugin::Logs;
use wire::executors::{Level, LogLine};

/// The lines, and how many are not there; nothing unless the job asks for them.
pub(super) fn kept(logs: &Logs, debug: bool) -> Vec<LogLine> {
    if !debug {
        return Vec::new();
    }
    let mut lines: Vec<LogLine> = logs
        .lines
        .iter()
        .map(|line| LogLine {
            level: match line.level {
                plugin::Level::Debug => Level::Debug,
                plugin::Level::Info => Level::Info,
                plugin::Level::Warn => Level::Warn,
                plugin::Level::Error => Level::Error,
            },
            message: line.message.clone(),
        })
        .collect();
    if logs.dropped > 0 {
        lines.push(LogLine {
            level: Level::Warn,
            message: format!("[... {} lines dropped ...]", logs.dropped),
        });
    }
    lines
}
