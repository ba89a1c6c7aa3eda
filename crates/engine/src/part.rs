//! What the engine knows about a part of a run's work: a plugin, a step, a phase.

/// What happened to a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartChange {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub stage: Stage,
    /// Whether it started before in this attempt, and is tried again.
    pub again: bool,
    /// Further data of the event: a JSON object that the engine does not read; empty for none.
    pub event_data: String,
}

/// The stage of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It began.
    Started,
    /// It is done.
    Completed,
    /// It failed for good.
    Failed,
    /// It was skipped.
    Skipped,
    /// It was stopped because its run was cancelled.
    Cancelled,
    /// Its attempt ended before it did.
    Interrupted,
}

impl Stage {
    /// Whether it has ended: it cannot change any more.
    #[must_use]
    pub fn is_end(self) -> bool {
        self != Self::Started
    }
}
