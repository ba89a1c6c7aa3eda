//! What happened in a simulation. One in which nothing went wrong, or nothing went right, proves
//! nothing and is refused.

use std::collections::BTreeMap;

/// How often what happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<&'static str, u64>,
}

/// What must have happened at least once in so many seeds on average.
pub(super) const EXPECTED: [&str; 40] = [
    "a beat was accepted",
    "a beat was refused",
    "a cancel reached a running job",
    "a drain gave a job back",
    "a job was cancelled",
    "a job was claimed",
    "a job was deleted after its time",
    "a job was scheduled",
    "a late report was refused",
    "a lease expired",
    "a report by name was accepted",
    "a report by name was refused",
    "a report was accepted",
    "a report was accepted again",
    "a retry was accepted",
    "a submit was accepted",
    "a submit was repeated",
    "an attempt waits for its retry",
    "an executor abandoned a job",
    "an executor crashed",
    "an executor stalled",
    "the server was opened again",
    "a job ended completed",
    "a job ended failed",
    "a job ended cancelled",
    "a cancel reached a running plugin job",
    "a drain gave a plugin job back",
    "a late copy of a note was refused",
    "a lost executor did not count: a plugin had ended",
    "a lost executor of a plugin job counted",
    "a note of a worker that lost the job was refused",
    "a note was repeated",
    "a plugin job completed",
    "a plugin job ended otherwise",
    "a plugin job failed at its cap",
    "a plugin job that was to stop was lost",
    "a plugin job was cancelled",
    "a plugin job was claimed",
    "a plugin job went on after its last plugin",
    "the end of a plugin was acknowledged",
];

impl Tally {
    pub(super) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn get(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    /// One seed alone may miss something; many may not.
    pub(super) fn refuse_vacuity(&self, seeds: u64, expected: &[&str]) {
        if seeds < 20 {
            return;
        }
        for what in expected {
            let count = self.get(what);
            assert!(
                count >= seeds / 4,
                "{what}: only {count} times in {seeds} seeds: {self:#?}"
            );
        }
    }
}
