//! `log-lint`: what is in a log, and what is odd about it.

mod level;
mod line;
mod logfmt;
mod scan;
mod shape;
mod time;
mod trace;

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Analysis, Numbers, Unusable, input};
use level::LogLevel;
use line::{Class, LogLine};
use shape::Shapes;
use time::Order;
use trace::{TraceLine, Traces};

pub use shape::Frequent;

/// How many shapes are listed when the input does not say.
const TOP: usize = 10;
const MOST: u64 = 100;

/// What is measured of a log. Each line that is not empty is counted in one priority.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[expect(
    missing_docs,
    reason = "each field is described in the plugin's manifest"
)]
pub struct LogStats {
    pub lines: u64,
    pub empty_lines: u64,
    pub json_lines: u64,
    pub logfmt_lines: u64,
    pub syslog_lines: u64,
    pub plain_lines: u64,
    pub trace_lines: u64,
    pub fatal: u64,
    pub error: u64,
    pub warn: u64,
    pub info: u64,
    pub debug: u64,
    pub trace: u64,
    pub no_level: u64,
    pub error_percent: f64,
    pub timed_lines: u64,
    pub out_of_order: u64,
    pub repeated_lines: u64,
    pub repeat_runs: u64,
    pub longest_run: u64,
    pub longest_line: u64,
    pub stack_traces: u64,
    pub shapes: u64,
    pub frequent_shapes: Vec<Frequent>,
}

/// Reads a log; `top` is how many of the most frequent shapes are listed.
#[must_use]
pub fn measure(log: &str, top: usize) -> LogStats {
    let mut reader = LogReader::default();
    for line in log.lines() {
        reader.read(line);
    }
    reader.finish(top)
}

#[derive(Default)]
struct LogReader {
    stats: LogStats,
    traces: Traces,
    order: Order,
    shapes: Shapes,
    /// The last message without its time, and how often it came one after another.
    run: (String, u64),
}

impl LogReader {
    fn read(&mut self, text: &str) {
        let stats = &mut self.stats;
        stats.lines += 1;
        let length = text.chars().fold(0, |count, _| count + 1);
        stats.longest_line = stats.longest_line.max(length);
        match self.traces.part(text) {
            Some(part) => {
                stats.stack_traces += u64::from(part == TraceLine::First);
                stats.trace_lines += 1;
            }
            None if text.trim().is_empty() => stats.empty_lines += 1,
            None => self.message(&LogLine::read(text)),
        }
    }

    fn message(&mut self, line: &LogLine<'_>) {
        let stats = &mut self.stats;
        *match line.class {
            Class::Json => &mut stats.json_lines,
            Class::Logfmt => &mut stats.logfmt_lines,
            Class::Syslog => &mut stats.syslog_lines,
            Class::Plain => &mut stats.plain_lines,
        } += 1;
        *match line.level {
            Some(LogLevel::Fatal) => &mut stats.fatal,
            Some(LogLevel::Error) => &mut stats.error,
            Some(LogLevel::Warn) => &mut stats.warn,
            Some(LogLevel::Info) => &mut stats.info,
            Some(LogLevel::Debug) => &mut stats.debug,
            Some(LogLevel::Trace) => &mut stats.trace,
            None => &mut stats.no_level,
        } += 1;
        if let Some(time) = line.time {
            stats.timed_lines += 1;
            stats.out_of_order += u64::from(self.order.is_late(time));
        }
        if self.run.1 > 0 && self.run.0 == line.content {
            self.run.1 += 1;
            stats.repeated_lines += 1;
            stats.repeat_runs += u64::from(self.run.1 == 2);
        } else {
            self.run = (line.content.clone().into_owned(), 1);
        }
        stats.longest_run = stats.longest_run.max(self.run.1);
        self.shapes.add(&line.message);
    }

    fn finish(self, top: usize) -> LogStats {
        let mut stats = self.stats;
        let messages =
            stats.json_lines + stats.logfmt_lines + stats.syslog_lines + stats.plain_lines;
        #[expect(clippy::cast_precision_loss, reason = "counts of lines")]
        if messages > 0 {
            let share = (stats.fatal + stats.error) as f64 / messages as f64;
            stats.error_percent = crate::rounded(share * 100.0);
        }
        stats.shapes = self.shapes.distinct();
        stats.frequent_shapes = self.shapes.most_frequent(top);
        stats
    }
}

/// The call: a bare log, a list of its lines, or `{"log": …, "top": 10}`.
///
/// # Errors
/// There is no log, or `top` is no number from 0 to 100.
pub fn execute(input: &Value, _before: Option<&Value>) -> Result<Analysis, Unusable> {
    let log: Cow<'_, str> = input::text(input, "log")?;
    let top = match input.get("top") {
        None | Some(Value::Null) => TOP,
        Some(top) => top
            .as_u64()
            .filter(|top| *top <= MOST)
            .and_then(|top| usize::try_from(top).ok())
            .ok_or_else(|| Unusable(format!("`top` is no number from 0 to {MOST}")))?,
    };
    Ok(Analysis {
        metric: json!(measure(&log, top)),
        output: None,
    })
}

/// Totals and means over several logs.
#[must_use]
pub fn summarize(metrics: &[Value]) -> Value {
    const FIELDS: [&str; 16] = [
        "lines",
        "json_lines",
        "logfmt_lines",
        "syslog_lines",
        "plain_lines",
        "trace_lines",
        "fatal",
        "error",
        "warn",
        "info",
        "debug",
        "error_percent",
        "out_of_order",
        "repeated_lines",
        "longest_line",
        "stack_traces",
    ];
    let mut summary = Numbers(&FIELDS).of(metrics);
    summary.insert(String::from("logs"), json!(metrics.len()));
    Value::Object(summary)
}

#[cfg(test)]
mod tests;
