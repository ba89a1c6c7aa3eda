//! What a run is.

use crate::{Backoff, RunId, Signals, Wait};

/// Which craft performs a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A plain binary.
    Job,
    /// Plugins over an input.
    PluginJob,
    /// A playbook.
    Execution,
    /// A change of a playground.
    Operation,
}

impl Kind {
    /// Whether the work of such a run has parts, which the store keeps as rows.
    #[must_use]
    pub fn has_parts(self) -> bool {
        self != Self::Job
    }
}

/// How urgent a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    Foreground,
    /// The usual.
    Background,
    /// When there is room.
    BestEffort,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The work was done.
    Completed,
    /// The work failed, or its executors were lost too often.
    Failed,
    /// It was called off.
    Cancelled,
}

/// The right to extend and finish one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who owns it.
    pub executor: String,
    /// Its number. Each lease of a run has a higher one than the lease before.
    pub token: i64,
    /// When it may be taken away, epoch milliseconds.
    pub until: i64,
    /// When the attempt started, epoch milliseconds.
    pub started_at: i64,
}

/// Where a run stands.
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
    /// No executor performs it and it has not ended: it waits for something, and is queued again when
    /// that comes.
    Waiting(Wait),
    /// It ended. Only an explicit retry leads out of here.
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

/// One run: everything that decides what may happen to it next. What it works on, what it printed
/// and what it is called by its submitter is kept elsewhere.
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
    /// Its priority priority.
    pub priority: Priority,
    /// Its place in the queue: lower is earlier. See [`crate::sort key`].
    pub sort_key: i64,
    /// Where it stands.
    pub state: State,
    /// Rises by one with every change; guards against a change that was decided on an older row.
    pub version: i64,
    /// The token of its newest lease; 0 before the first.
    pub token: i64,
    /// The token of the last lease whose finish was accepted; 0 when none was.
    pub last_finished_token: i64,
    /// The token of the last lease under which a part of the work ended; 0 when none did.
    pub last_progress_token: i64,
    /// How often it was started.
    pub starts: i64,
    /// How many attempts were lost or failed since it was submitted or explicitly retried.
    pub failure_count: i64,
    /// `failures` never exceeds this.
    pub max_attempts: i64,
    /// Whether, and after which wait, a failure that an executor reports is tried again.
    pub retry: Option<Backoff>,
    /// How long one attempt may take, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// How long all attempts together may take, from the first start on, in milliseconds.
    pub whole_timeout_ms: Option<i64>,
    /// When that is over, epoch milliseconds; known from the first start on.
    pub deadline: Option<i64>,
    /// What operators asked of it.
    pub signals: Signals,
    /// The run that it belongs to: a cancel of that one goes down to it.
    pub parent: Option<RunId>,
    /// At most one live run has this key.
    pub exclusive_key: Option<String>,
    /// Who holds it or held it last.
    pub executor: Option<String>,
    /// When it was submitted, epoch milliseconds.
    pub created_at: i64,
    /// When its newest attempt started, epoch milliseconds.
    pub started_at: Option<i64>,
}

impl Run {
    /// Whether it was cancelled, or is to be. It takes no children then: the cancel has gone down the tree
    /// already and would miss them.
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
