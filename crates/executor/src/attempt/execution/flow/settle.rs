//! What becomes of steps: their ends, and what operators and times do to them.

use futures_util::StreamExt;
use playbook::{StepKey, StepOutcome};
use serde_json::Value;
use tokio::time::Instant;

use super::{Flow, begin::SKIPPED};
use crate::attempt::{
    execution::{bounds::bounded, call::StepEnd},
    progress_reporter::Halt,
};

/// How much is kept of an error.
const ERROR_BYTES: usize = 16 << 10;

impl Flow<'_> {
    /// Does what operators ask for, and what the time asks for.
    pub(super) async fn obey(&mut self) -> Result<(), Halt> {
        if self.operator.is_cancelled() && !self.cancelled {
            self.cancelled = true;
            self.stop_all().await;
            // What had ended by itself stays so.
            while let Some((key, end)) = self.ended.pop_front() {
                self.settle(&key, end)?;
            }
            self.begun.clear();
            self.limits.end_steps();
            self.progress.cancel();
        }
        if let Some(key) = self.skippable()
            && self.operator.take_skip()
        {
            for key in self.stop(vec![key]).await {
                self.progress.ended(&key, StepOutcome::skipped(SKIPPED));
            }
        }
        self.limits.follow(&self.progress);
        let now = Instant::now();
        for (key, time) in self.limits.take_late_steps(now) {
            let within = format!("{key}/");
            let inside = |one: &&StepKey| format!("{}/", one.path).starts_with(&within);
            self.stop(self.begun.keys().filter(inside).cloned().collect())
                .await;
            let outcome = StepOutcome::failed(format!("Step timed out after {time} seconds"));
            self.progress.ended(&key, outcome.last());
        }
        for path in self.limits.late_finally(now) {
            let inside = |one: &&StepKey| {
                path.is_empty() || format!("{}/", one.path).starts_with(&format!("{path}/"))
            };
            self.stop(self.begun.keys().filter(inside).cloned().collect())
                .await;
            self.progress.cancel_finally(&path);
        }
        self.limits.follow(&self.progress);
        Ok(())
    }

    /// The step that a skip ends: the first one that waits or asks.
    fn skippable(&self) -> Option<StepKey> {
        let waiting = self.begun.iter().filter(|(_, begun)| begun.is_waiting());
        let first = waiting.min_by_key(|(_, begun)| begun.part.number);
        first.map(|(key, _)| key.clone())
    }

    /// Stops steps and waits until they have ended. Answers those that did not end by themselves before.
    async fn stop(&mut self, keys: Vec<StepKey>) -> Vec<StepKey> {
        for key in &keys {
            if let Some(begun) = self.begun.get(key) {
                begun.stop.cancel();
            }
        }
        let asks = |key: &StepKey| self.begun.get(key).is_some_and(|one| one.asks.is_some());
        let (mut stopped, mut left): (Vec<_>, Vec<_>) = keys.into_iter().partition(asks);
        left.retain(|key| !self.ended.iter().any(|(ended, _)| ended == key));
        while !left.is_empty() {
            let Some((key, end)) = self.running.next().await else {
                break;
            };
            left.retain(|one| *one != key);
            match end {
                StepEnd::Stopped => stopped.push(key),
                end => self.ended.push_back((key, end)),
            }
        }
        for key in &stopped {
            self.begun.remove(key);
        }
        stopped
    }

    /// A try has ended.
    pub(super) fn settle(&mut self, key: &StepKey, end: StepEnd) -> Result<(), Halt> {
        if matches!(end, StepEnd::Waited) {
            self.waited(key);
            return Ok(());
        }
        let Some(mut begun) = self.begun.remove(key) else {
            return Ok(());
        };
        let debug = self.context.input.debug_mode && !self.cancelled;
        let outcome = match end {
            StepEnd::Abandoned(what) => return Err(Halt::Abandoned(what)),
            // Who stopped it knows what becomes of it.
            StepEnd::Stopped | StepEnd::Waited => return Ok(()),
            StepEnd::Completed(left) => {
                let left = bounded(left);
                StepOutcome::completed(left.output.unwrap_or(Value::Null)).with_set(left.set)
            }
            StepEnd::Failed(error, _) if debug => {
                // It stays open: a resume runs it again, a skip leaves it out.
                begun.asks = Some(shortened(error.message));
                self.begun.insert(key.clone(), begun);
                self.pauses = true;
                return Ok(());
            }
            StepEnd::Failed(error, left) => {
                let left = bounded(left);
                let failed = StepOutcome {
                    output: left.output,
                    ..StepOutcome::failed(shortened(error.message))
                };
                let failed = failed.with_set(left.set);
                if error.last { failed.last() } else { failed }
            }
        };
        self.pauses |= debug;
        self.progress.ended(key, outcome);
        Ok(())
    }
}

fn shortened(mut error: String) -> String {
    error.truncate(error.floor_char_boundary(ERROR_BYTES));
    error
}
