//! The times that steps with others inside, and the last steps of playbooks, may take. They count from the first
//! start, also when the run waited or was interrupted meanwhile.

use std::collections::BTreeMap;

use playbook::{Progress, StepKey};
use tokio::time::Instant;

use crate::attempt::execution::clock;

/// When a time is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) until: Instant,
    /// The same on the clock, in epoch milliseconds.
    pub(super) clock_ms: i64,
    /// How long it was, in seconds.
    pub(super) seconds: f64,
}

impl Limit {
    /// From `clock_ms` if the time began before, else from now on.
    fn of(seconds: f64, clock_ms: Option<i64>) -> Self {
        let clock_ms = clock_ms.unwrap_or_else(|| clock::after_ms(clock::seconds(seconds)));
        Self {
            until: clock::instant(clock_ms),
            clock_ms,
            seconds,
        }
    }
}

/// All times that run.
#[derive(Default)]
pub(super) struct Limits {
    /// Of steps that hold others.
    steps: BTreeMap<StepKey, Limit>,
    /// Of the `finally` steps of a playbook, by the path of these steps.
    finally: BTreeMap<String, Limit>,
    /// When those of earlier attempts are over, in epoch milliseconds.
    earlier_finally: BTreeMap<String, i64>,
}

impl Limits {
    pub(super) fn new(earlier_finally: BTreeMap<String, i64>) -> Self {
        Self {
            earlier_finally,
            ..Self::default()
        }
    }

    /// The time of a step that holds others begins, or goes on until `clock_ms`.
    pub(super) fn begin(&mut self, key: StepKey, seconds: f64, clock_ms: Option<i64>) {
        self.steps.insert(key, Limit::of(seconds, clock_ms));
    }

    pub(super) fn end(&mut self, key: &StepKey) {
        self.steps.remove(key);
    }

    pub(super) fn end_steps(&mut self) {
        self.steps.clear();
    }

    /// Follows which playbooks perform their `finally` now.
    pub(super) fn follow(&mut self, progress: &Progress) {
        let now = progress.finally_limits();
        if now.is_empty() && self.finally.is_empty() && self.earlier_finally.is_empty() {
            return;
        }
        let before = std::mem::take(&mut self.finally);
        let mut earlier = std::mem::take(&mut self.earlier_finally);
        for (path, seconds) in now {
            let limit = before.get(&path).copied();
            let limit = limit.unwrap_or_else(|| Limit::of(seconds, earlier.remove(&path)));
            self.finally.insert(path, limit);
        }
    }

    /// When the time of a step that holds others is over, if it is one.
    pub(super) fn of_step(&self, key: &StepKey) -> Option<i64> {
        self.steps.get(key).map(|limit| limit.clock_ms)
    }

    /// When the time of the `finally` that steps of this path belong to is over.
    pub(super) fn of_finally(&self, path: &str) -> Option<i64> {
        self.finally.get(path).map(|limit| limit.clock_ms)
    }

    /// Takes the steps whose time is over, the outermost first, with that time in seconds.
    pub(super) fn take_late_steps(&mut self, now: Instant) -> Vec<(StepKey, f64)> {
        let late = |limit: &Limit| limit.until <= now;
        let steps = self.steps.iter().filter(|(_, limit)| late(limit));
        let mut steps: Vec<(StepKey, f64)> = steps
            .map(|(key, limit)| (key.clone(), limit.seconds))
            .collect();
        self.steps.retain(|_, limit| !late(limit));
        steps.sort_by_key(|(key, _)| {
            key.path.matches('/').count() + usize::from(!key.path.is_empty())
        });
        steps
    }

    /// The playbooks whose `finally` takes too long.
    pub(super) fn late_finally(&self, now: Instant) -> Vec<String> {
        let late = self.finally.iter().filter(|(_, limit)| limit.until <= now);
        late.map(|(path, _)| path.clone()).collect()
    }

    /// When the next of all times is over.
    pub(super) fn next(&self) -> Option<Instant> {
        let limits = self.steps.values().chain(self.finally.values());
        limits.map(|limit| limit.until).min()
    }
}
