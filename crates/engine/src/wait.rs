//! What a run waits for while no executor performs it.

/// Why a run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitFor {
    /// It is paused: an operator resumes it.
    Operator,
    /// Someone answers a question.
    Approval,
    /// A time, which is the wait's timeout.
    Time,
    /// Any of its child runs ends.
    Child,
    /// All of its child runs end.
    Children,
}

/// What happens when a run has waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnTimeout {
    /// It is queued, and its executor decides.
    Resume,
    /// It fails.
    Fail,
    /// It is cancelled.
    Cancel,
}

/// The state of a run that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wait {
    /// For what.
    pub reason: WaitFor,
    /// Until when, epoch milliseconds, and what happens then; without it, forever.
    pub timeout: Option<(i64, OnTimeout)>,
    /// When it was to become ready, epoch milliseconds, if it was scheduled when it was paused.
    pub due_at: Option<i64>,
}

impl Wait {
    /// A wait of any length.
    #[must_use]
    pub fn new(reason: WaitFor) -> Self {
        Self {
            reason,
            timeout: None,
            due_at: None,
        }
    }
}
