//! What a process answers: collects the lines of a call and finds out whether they are an answer.

use serde_json::{Map, Value};

use crate::{
    JsonText,
    answered::Answered,
    failure::Cause,
    limits::Limits,
    logs::{Logs, cut},
    protocol::{Call, Description, Level, Line},
    storage::Ledger,
};

/// How long one line may be.
const LINE_BYTES: usize = 8 << 20;

/// The answer to one call.
#[derive(Debug)]
pub(super) struct Answer {
    wanted: &'static str,
    /// The line that is being read.
    partial: Vec<u8>,
    /// The number of the line that is being read.
    number: u64,
    /// The last line that is no message, and why.
    stray: Option<(u64, String)>,
    ledger: Ledger,
    metric: Option<JsonText>,
    output: Option<JsonText>,
    summary: Option<JsonText>,
    description: Option<Description>,
    error: Option<String>,
}

impl Answer {
    pub(super) fn new(call: &Call<'_>, limits: &Limits) -> Self {
        Self {
            wanted: call.name(),
            partial: Vec::new(),
            number: 1,
            stray: None,
            ledger: Ledger::new(limits.storage_bytes),
            metric: None,
            output: None,
            summary: None,
            description: None,
            error: None,
        }
    }

    /// Takes what was read, in pieces of any size.
    pub(super) fn feed(&mut self, bytes: &[u8], logs: &mut Logs) -> Result<(), Cause> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.partial.len() + part.len() > LINE_BYTES {
                return Err(self.wrong(format!("it is longer than {LINE_BYTES} bytes")));
            }
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end(logs)?;
                self.number += 1;
            }
        }
        Ok(())
    }

    /// Takes the line that has been read so far; an empty one says nothing. One that is no message was printed
    /// by a library or while its author looked for an error: it is kept in the log.
    pub(super) fn end(&mut self, logs: &mut Logs) -> Result<(), Cause> {
        let line = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_ascii();
        if text.is_empty() {
            return Ok(());
        }
        let reason = match serde_json::from_slice(&line) {
            Ok(line) => return self.take(line, logs),
            Err(_) if std::str::from_utf8(&line).is_err() => "it is not UTF-8".to_owned(),
            // Each line is a text of its own: its number is told by us.
            Err(error) => error.to_string().replace("line 1 column", "column"),
        };
        let reason = format!("{reason}: `{}`", cut(text, 80));
        if is_message(text) {
            return Err(self.wrong(reason));
        }
        logs.push(Level::Info, text);
        self.stray = Some((self.number, reason));
        Ok(())
    }

    fn take(&mut self, line: Line, logs: &mut Logs) -> Result<(), Cause> {
        let name = line.name();
        let answers = match line {
            Line::Log(_) | Line::Error { .. } => true,
            Line::Store { .. } | Line::Output(_) | Line::Metric(_) => self.wanted == "execute",
            Line::Summary(_) => self.wanted == "summarize",
            Line::Description(_) => self.wanted == "describe",
        };
        if !answers {
            return Err(self.wrong(format!("`{name}` does not answer `{}`", self.wanted)));
        }
        let first = match line {
            Line::Log(log) => {
                logs.push(log.level, &log.message);
                true
            }
            Line::Store { key, value } if value.is_null() => {
                // What may have been there is not known here; all lines are bounded together.
                self.ledger.delete(key, true);
                true
            }
            Line::Store { key, value } => {
                self.ledger.set(key, value)?;
                true
            }
            Line::Output(value) => self.output.replace(value).is_none(),
            Line::Metric(value) => self.metric.replace(value).is_none(),
            Line::Summary(value) => self.summary.replace(value).is_none(),
            Line::Description(value) => self.description.replace(value).is_none(),
            Line::Error { message } => self.error.replace(message).is_none(),
        };
        if first {
            Ok(())
        } else {
            Err(self.wrong(format!("a second `{name}`")))
        }
    }

    pub(super) fn take_error(&mut self) -> Option<String> {
        self.error.take()
    }

    /// Once the process has ended well: what it answered, if all is there.
    pub(super) fn complete(self) -> Result<Answered, Cause> {
        let missing = match self.wanted {
            "execute" if self.metric.is_none() => "metric",
            "describe" if self.description.is_none() => "description",
            _ => {
                return Ok(Answered {
                    metric: self.metric,
                    output: self.output,
                    summary: self.summary,
                    description: self.description,
                    changes: self.ledger.into_changes(),
                });
            }
        };
        let missing = format!("the output ended without a `{missing}`");
        Err(match &self.stray {
            None => self.wrong(missing),
            // It may have been meant as one.
            Some((number, reason)) => Cause::Protocol {
                line: Some(*number),
                message: format!("{reason}; {missing}"),
            },
        })
    }

    fn wrong(&self, message: impl Into<String>) -> Cause {
        Cause::Protocol {
            line: Some(self.number),
            message: message.into(),
        }
    }
}

/// Whether a text is an object with one field that names a message, whatever is wrong within.
fn is_message(text: &str) -> bool {
    let fields: Result<Map<String, Value>, _> = serde_json::from_str(text);
    fields.is_ok_and(|fields| {
        fields.len() == 1
            && fields
                .keys()
                .all(|name| Line::NAMES.contains(&name.as_str()))
    })
}

#[cfg(test)]
mod tests;
