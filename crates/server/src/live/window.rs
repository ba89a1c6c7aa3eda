//! The newest events in memory, in order and without a gap.

use std::{collections::VecDeque, sync::Arc};

use super::{Filter, LiveEvent};

/// The newest events.
pub(super) struct Window {
    /// Number of the event before the first one that is here.
    before: i64,
    events: VecDeque<Arc<LiveEvent>>,
    bytes: usize,
}

/// What a reader finds.
pub(super) enum Found {
    /// It is further behind than this reaches.
    Behind,
    /// It has seen everything.
    Nothing,
    /// What it wants of the next events, and the number up to which that is all.
    Events(Vec<Arc<LiveEvent>>, i64),
}

impl Window {
    /// Empty: the next event is the one after number `before`.
    pub(super) fn new(before: i64) -> Self {
        Self {
            before,
            events: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Number of the newest event.
    pub(super) fn newest(&self) -> i64 {
        self.before + i64::try_from(self.events.len()).unwrap_or(i64::MAX)
    }

    /// Adds the event after the newest one; keeps at most `events` and `bytes`. Where events were
    /// left out, it begins again: what it holds never has a gap.
    pub(super) fn push(&mut self, event: Arc<LiveEvent>, events: usize, bytes: usize) {
        let seq = event.row().seq;
        if seq != self.newest() + 1 {
            *self = Self::new(seq - 1);
        }
        self.bytes += event.size_bytes();
        self.events.push_back(event);
        while self.events.len() > events || self.bytes > bytes {
            let Some(oldest) = self.events.pop_front() else {
                return;
            };
            self.bytes -= oldest.size_bytes();
            self.before += 1;
        }
    }

    /// What comes after number `after`, at most `limit` of those that `filter` wants.
    pub(super) fn after(&self, after: i64, filter: &Filter, limit: usize) -> Found {
        let Ok(skip) = usize::try_from(after - self.before) else {
            return Found::Behind;
        };
        if skip >= self.events.len() {
            return Found::Nothing;
        }
        let mut wanted = Vec::new();
        let mut seen = after;
        for event in self.events.range(skip..) {
            if filter.wants(event.row()) {
                if wanted.len() == limit {
                    break;
                }
                wanted.push(event.clone());
            }
            seen = event.row().seq;
        }
        Found::Events(wanted, seen)
    }
}
