//! What the engine knows of a part of a run's work: a plugin, a step, a phase.

/// What happened to a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartChange {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub stage: Stage,
    /// Whether it started before in this attempt, and is tried again.
    pub again: bool,
    /// What the event says beside: a JSON object, which is opaque here; empty for nothing.
    pub event_data: String,
}

/// Where a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It began.
    Started,
    /// It is done.
    Completed,
    /// It failed for good.
    Failed,
    /// It was left out.
    Skipped,
    /// It was stopped because its run was cancelled.
    Cancelled,
    /// Its attempt ended before it did.
    Interrupted,
}

impl Stage {
    /// Whether nothing more can happen to it.
    #[must_use]
    pub fn is_end(self) -> bool {
        self != Self::Started
    }
}
