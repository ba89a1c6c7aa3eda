//! What a waiting run waits for.

/// What a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitFor {
    /// A resume by an operator.
    Operator,
    /// An answer to an approval, or the end of any of its child runs.
    Approval,
    /// The wait's timeout alone.
    Time,
    /// The end of any of its child runs.
    Child,
    /// The end of all of its child runs.
    Children,
    /// News of a playground, or the end of any of its child runs.
    Playground,
}

/// What happens at the timeout of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnTimeout {
    /// The run is queued, and its next executor decides.
    Resume,
    /// The run fails.
    Fail,
    /// The run is cancelled.
    Cancel,
}

/// The data of [`crate::State::Waiting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wait {
    /// What the run waits for.
    pub reason: WaitFor,
    /// When the wait ends at the latest, epoch milliseconds, and what happens then; `None` waits forever.
    pub timeout: Option<(i64, OnTimeout)>,
    /// When a run that was paused while scheduled becomes ready, epoch milliseconds.
    pub due_at: Option<i64>,
}

impl Wait {
    /// A wait without a timeout.
    #[must_use]
    pub fn new(reason: WaitFor) -> Self {
        Self {
            reason,
            timeout: None,
            due_at: None,
        }
    }
}
