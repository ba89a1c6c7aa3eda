//! What a run is.

use crate::{Backoff, Kind, RunId, Signals, Wait};

/// How urgent a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person waits for it.
    Foreground,
    /// The usual.
    Background,
    /// As capacity allows.
    BestEffort,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The work was done.
    Completed,
    /// The work failed, or its executors were lost too often.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// The right of one executor to extend and finish one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The executor that owns it.
    pub executor: String,
    /// Its number. Each lease of a run has a higher one than the lease before.
    pub token: i64,
    /// When it expires, epoch milliseconds.
    pub until: i64,
    /// When the attempt started, epoch milliseconds.
    pub started_at: i64,
}

/// The state of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It exists but may not start until it is unheld.
    Held,
    /// It becomes ready at `due_at`, epoch milliseconds.
    Scheduled {
        /// When.
        due_at: i64,
    },
    /// It may be claimed.
    Queued,
    /// An executor owns its lease.
    Running(Lease),
    /// It has not ended, and it waits for something without an executor. When that comes, it is queued
    /// again.
    Waiting(Wait),
    /// It ended. Only an explicit retry leaves this state.
    Done {
        /// How it ended.
        outcome: Outcome,
        /// When, epoch milliseconds.
        at: i64,
    },
}

/// The name of a state, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// [`State::Held`].
    Held,
    /// [`State::Scheduled`].
    Scheduled,
    /// [`State::Queued`].
    Queued,
    /// [`State::Running`].
    Running,
    /// [`State::Waiting`].
    Waiting,
    /// Done: [`Outcome::Completed`].
    Completed,
    /// Done: [`Outcome::Failed`].
    Failed,
    /// Done: [`Outcome::Cancelled`].
    Cancelled,
}

impl Status {
    /// True when the run has ended.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl State {
    /// Its name.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Held => Status::Held,
            Self::Scheduled { .. } => Status::Scheduled,
            Self::Queued => Status::Queued,
            Self::Running(_) => Status::Running,
            Self::Waiting(_) => Status::Waiting,
            Self::Done {
                outcome: Outcome::Completed,
                ..
            } => Status::Completed,
            Self::Done {
                outcome: Outcome::Failed,
                ..
            } => Status::Failed,
            Self::Done {
                outcome: Outcome::Cancelled,
                ..
            } => Status::Cancelled,
        }
    }
}

/// One run: everything that decides what may happen to it next. The store keeps its input, output and
/// labels elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its kind.
    pub kind: Kind,
    /// The contract's own name for what it is: a job's type.
    pub name: String,
    /// Which claims find it: kind and placement.
    pub queue: String,
    /// Its priority.
    pub priority: Priority,
    /// Its place in the queue: lower is earlier. See [`crate::sort_key`].
    pub sort_key: i64,
    /// Its state.
    pub state: State,
    /// Rises by one with every change; a change that was decided on an older version is not written.
    pub version: i64,
    /// The token of its newest lease; 0 before the first.
    pub token: i64,
    /// The token of the last lease whose finish was accepted; 0 before the first.
    pub last_finished_token: i64,
    /// The token of the last lease under which a part of the work ended; 0 before the first.
    pub last_progress_token: i64,
    /// How many attempts have started.
    pub starts: i64,
    /// How many attempts were lost or failed since it was submitted or explicitly retried.
    pub failure_count: i64,
    /// The maximum of `failure_count`.
    pub max_attempts: i64,
    /// The retry policy for failures that an executor reports; without one they are final.
    pub retry: Option<Backoff>,
    /// The time limit of one attempt, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// The time limit of all attempts together, from the first start on, in milliseconds.
    pub whole_timeout_ms: Option<i64>,
    /// When that limit is reached, epoch milliseconds; known from the first start on.
    pub deadline: Option<i64>,
    /// The open requests of operators.
    pub signals: Signals,
    /// The run that it belongs to: pause, resume and cancel of the parent apply to it too.
    pub parent: Option<RunId>,
    /// At most one live run has this key.
    pub exclusive_key: Option<String>,
    /// Its work has an end of its own after a cancel, such as the last steps of a playbook: once it has
    /// started, an executor performs that before the run ends.
    pub cleans_up: bool,
    /// The executor of its newest attempt.
    pub executor: Option<String>,
    /// When it was submitted, epoch milliseconds.
    pub created_at: i64,
    /// When its newest attempt started, epoch milliseconds.
    pub started_at: Option<i64>,
}

impl Run {
    /// Whether a cancel has to wait for an executor.
    pub(crate) fn has_cleanup(&self) -> bool {
        self.cleans_up && self.starts > 0
    }

    /// Whether it was cancelled or is being cancelled. It takes no new children then: the cancel was
    /// applied to its children already and would miss them.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.signals.cancel > 0
            || matches!(
                self.state,
                State::Done {
                    outcome: Outcome::Cancelled,
                    ..
                }
            )
    }
}
