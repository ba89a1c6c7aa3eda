//! What happened in a page, for the report of a failure: the last of each kind.

use std::collections::VecDeque;

/// So many of each kind are kept.
const KEPT: usize = 200;
/// A longer text is cut.
const LONGEST: usize = 4000;

/// The last things that happened in a page. Times are milliseconds since 1970, 0 where the browser names none.
#[derive(Clone, Debug, Default)]
pub struct PageRecords {
    /// What scripts wrote to the console, exceptions, and messages of the browser.
    pub console: VecDeque<ConsoleLine>,
    /// Requests without an answer, or with a status of 400 or more.
    pub failed_requests: VecDeque<FailedRequest>,
    /// Dialogs, and what was done with them.
    pub dialogs: VecDeque<DialogRecord>,
    /// How many dialogs there were so far.
    pub dialog_count: u64,
    /// Answers that began to arrive.
    pub responses: VecDeque<ResponseRecord>,
    /// How many answers began to arrive so far.
    pub response_count: u64,
}

/// A line of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// `log`, `warning`, `error`, `exception`, …
    pub level: String,
    /// Its arguments, with blanks between them.
    pub text: String,
    /// Where it was written, as `url:line`.
    pub location: String,
    /// When.
    pub at_ms: u64,
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRequest {
    /// Its method.
    pub method: String,
    /// Its address.
    pub url: String,
    /// `net::ERR_…`, or the HTTP status.
    pub reason: String,
    /// When it began.
    pub at_ms: u64,
}

/// A dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogRecord {
    /// `alert`, `confirm`, `prompt` or `beforeunload`.
    pub kind: String,
    /// What it said.
    pub message: String,
    /// True when it was accepted.
    pub accepted: bool,
}

/// An answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseRecord {
    /// Which answer of the page it is, from 1 on.
    pub number: u64,
    /// The request's method.
    pub method: String,
    /// The request's address.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The type of its content.
    pub mime_type: String,
}

impl PageRecords {
    /// The dialogs since there were so many, as far as they are kept.
    pub fn dialogs_after(&self, count: u64) -> impl Iterator<Item = &DialogRecord> {
        let new = self.dialog_count.saturating_sub(count);
        let old = self
            .dialogs
            .len()
            .saturating_sub(usize::try_from(new).unwrap_or(usize::MAX));
        self.dialogs.iter().skip(old)
    }

    pub(super) fn add_console(&mut self, mut line: ConsoleLine) {
        cut(&mut line.text);
        push(&mut self.console, line);
    }

    pub(super) fn add_failure(&mut self, mut request: FailedRequest) {
        cut(&mut request.url);
        push(&mut self.failed_requests, request);
    }

    pub(super) fn add_dialog(&mut self, mut dialog: DialogRecord) {
        cut(&mut dialog.message);
        self.dialog_count += 1;
        push(&mut self.dialogs, dialog);
    }

    pub(super) fn add_response(&mut self, mut response: ResponseRecord) {
        cut(&mut response.url);
        self.response_count += 1;
        response.number = self.response_count;
        push(&mut self.responses, response);
    }
}

fn push<T>(ring: &mut VecDeque<T>, entry: T) {
    if ring.len() == KEPT {
        ring.pop_front();
    }
    ring.push_back(entry);
}

fn cut(text: &mut String) {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_cut() {
        let mut records = PageRecords::default();
        for number in 0..=KEPT {
            records.add_console(ConsoleLine {
                level: String::from("log"),
                text: format!("{number}{}", "é".repeat(LONGEST)),
                location: String::new(),
                at_ms: 0,
            });
        }
        assert_eq!(records.console.len(), KEPT);
        assert!(records.console[0].text.starts_with("1é"));
        assert!(records.console[0].text.len() <= LONGEST + 3);
    }

    #[test]
    fn later_dialogs_are_found_also_when_the_ring_is_full() {
        let mut records = PageRecords::default();
        let mut add = |from: usize, to: usize| {
            for number in from..to {
                records.add_dialog(DialogRecord {
                    kind: String::from("alert"),
                    message: number.to_string(),
                    accepted: true,
                });
            }
            records.clone()
        };
        let before = add(0, KEPT).dialog_count;
        let after = add(KEPT, KEPT + 2);
        let later: Vec<&str> = after
            .dialogs_after(before)
            .map(|one| one.message.as_str())
            .collect();
        assert_eq!(later, ["200", "201"]);
        let all = add(KEPT + 2, 3 * KEPT);
        assert_eq!(all.dialogs_after(before).count(), KEPT);
        assert_eq!(all.dialogs_after(all.dialog_count).count(), 0);
    }
}
