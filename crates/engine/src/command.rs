//! What may be asked of a run.

use crate::{
    Backoff, DEFAULT_MAX_ATTEMPTS, Kind, PartChange, Priority, RunId, Signal, Wait, WaitFor,
};

/// A run to be submitted. Ids are drawn outside.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Its kind.
    pub kind: Kind,
    /// The contract's own name for what it is.
    pub name: String,
    /// Which claims find it.
    pub queue: String,
    /// Its priority priority.
    pub priority: Priority,
    /// Not to start before it is unheld.
    pub held: bool,
    /// Not to start before this time, epoch milliseconds.
    pub not_before: Option<i64>,
    /// Cap on lost and failed attempts, at least 1.
    pub max_attempts: i64,
    /// Whether reported failures are tried again.
    pub retry: Option<Backoff>,
    /// Limit of one attempt, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// Limit of all attempts together, from the first start on, in milliseconds.
    pub whole_timeout_ms: Option<i64>,
    /// The run that it belongs to.
    pub parent: Option<RunId>,
    /// At most one live run has this key.
    pub exclusive_key: Option<String>,
}

impl NewRun {
    /// A background run that may start at once and asks for nothing special. `name` is the
    /// contract's own name for what it is, `queue` says which claims find it.
    #[must_use]
    pub fn new(id: RunId, kind: Kind, name: &str, queue: &str) -> Self {
        Self {
            id,
            kind,
            name: name.to_owned(),
            queue: queue.to_owned(),
            priority: Priority::Background,
            held: false,
            not_before: None,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            retry: None,
            timeout_ms: None,
            whole_timeout_ms: None,
            parent: None,
            exclusive_key: None,
        }
    }
}

/// Who says that it holds the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The executor's name. Tokens are small numbers that can be guessed: the name counts too.
    pub executor: String,
    /// The lease's token. Without one, any lease of the executor's is meant.
    pub token: Option<i64>,
}

/// What an executor reports at the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The work is done.
    Completed,
    /// The work failed.
    Failed,
    /// The executor stopped the work because its time was up.
    TimedOut,
}

/// One thing that is asked of an existing run.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A held run may start now: it is held no longer.
    Unhold {
        /// See [`crate::sort key`].
        aging_step_ms: i64,
    },
    /// The time of a scheduled run has come.
    Due,
    /// An executor takes it.
    Claim {
        /// Who.
        executor: String,
        /// How long the lease lives unless it is extended.
        lease_ms: i64,
    },
    /// The holder is alive.
    Heartbeat {
        /// Who says so.
        holder: Holder,
        /// How long the lease lives from now.
        lease_ms: i64,
    },
    /// The holder reports what happened to parts of the work; a new attempt goes on from there.
    Advance {
        /// Who says so.
        holder: Holder,
        /// What happened, in order. A lease under which a part ended made progress: when it is lost, that
        /// does not count against the cap.
        parts: Vec<PartChange>,
        /// The generation of signals that the holder acted on, see [`crate::Signals`].
        acknowledged: i64,
    },
    /// The holder stops performing the run, which has not ended: it waits. That is no failure.
    Park {
        /// Who says so.
        holder: Holder,
        /// What it waits for.
        wait: Wait,
        /// The newest generation that the holder looked at, see [`crate::Signals`]. When something has
        /// happened since, it is refused, and the holder looks again.
        seen: i64,
        /// How many children have not ended.
        live_children: u64,
    },
    /// What the run waits for has come.
    Wake {
        /// What it is.
        reason: WaitFor,
        /// How many children have not ended.
        live_children: u64,
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// The run has waited for too long.
    WaitOver {
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// An operator asks something of it, wherever it stands.
    Signal {
        /// What.
        signal: Signal,
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// The holder reports the end of its attempt.
    Finish {
        /// Who says so.
        holder: Holder,
        /// How the attempt ended.
        outcome: AttemptOutcome,
        /// Why, when it did not complete.
        error: Option<String>,
        /// A random number from 0 to 1 for the wait before a retry.
        jitter: f64,
        /// See [`crate::sort key`].
        aging_step_ms: i64,
    },
    /// The holder gives it back unfinished: a planned stop, which is nobody's fault.
    Release {
        /// Who says so.
        holder: Holder,
    },
    /// The holder cannot do the work, for a reason of its own and not the run's, as a full disk. As if
    /// it was lost: another one may take the run, and it counts.
    Abandon {
        /// Who says so.
        holder: Holder,
        /// The reason.
        error: String,
    },
    /// Nobody extended the lease, or the time of all attempts together is over.
    Expire {
        /// A random number from 0 to 1 for the wait before a retry.
        jitter: f64,
        /// See [`crate::sort key`].
        aging_step_ms: i64,
        /// The configured lease length, which tells a lost executor from an overtime one.
        lease_ms: i64,
    },
    /// Cancel a run that is not running.
    CancelPending,
    /// Start an ended run again.
    Retry {
        /// See [`crate::sort key`].
        aging_step_ms: i64,
    },
}

impl Command {
    /// An operator's wish that queues nothing: a pause or a cancel.
    #[must_use]
    pub fn signal(signal: Signal) -> Self {
        Self::Signal {
            signal,
            aging_step_ms: 0,
        }
    }

    /// Its name, as the table of states shows it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unhold { .. } => "unhold",
            Self::Due => "due",
            Self::Claim { .. } => "claim",
            Self::Heartbeat { .. } => "heartbeat",
            Self::Advance { .. } => "advance",
            Self::Park { .. } => "park",
            Self::Wake { .. } => "wake",
            Self::WaitOver { .. } => "wait_over",
            Self::Signal { signal, .. } => signal.as_str(),
            Self::Finish { .. } => "finish",
            Self::Release { .. } => "release",
            Self::Abandon { .. } => "abandon",
            Self::Expire { .. } => "expire",
            Self::CancelPending => "cancel_pending",
            Self::Retry { .. } => "retry",
        }
    }
}
