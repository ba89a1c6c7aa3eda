//! The commands on a run.

use crate::{
    Backoff, DEFAULT_MAX_ATTEMPTS, Kind, PartChange, Priority, RunId, Signal, Wait, WaitFor,
};

/// A run to be submitted. The caller makes the id.
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
    /// Its priority.
    pub priority: Priority,
    /// Whether it must be unheld before it may start.
    pub held: bool,
    /// The earliest start, epoch milliseconds.
    pub not_before: Option<i64>,
    /// Maximum of lost and failed attempts, at least 1.
    pub max_attempts: i64,
    /// The retry policy for reported failures; without one they are final.
    pub retry: Option<Backoff>,
    /// Limit of one attempt, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// Limit of all attempts together, from the first start on, in milliseconds.
    pub whole_timeout_ms: Option<i64>,
    /// The run that it belongs to.
    pub parent: Option<RunId>,
    /// At most one live run has this key.
    pub exclusive_key: Option<String>,
    /// See [`Run::cleans_up`](crate::Run::cleans_up).
    pub cleans_up: bool,
}

impl NewRun {
    /// A background run that may start at once, with defaults for everything else. `name` is the
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
            cleans_up: false,
        }
    }
}

/// The caller's claim to hold the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The executor's name. Tokens are small numbers that can be guessed: the name counts too.
    pub executor: String,
    /// The lease's token. Without one, any lease of this executor matches.
    pub token: Option<i64>,
}

/// The end of an attempt, as its executor reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The work is done.
    Completed,
    /// The work failed.
    Failed,
    /// The executor stopped the work at its time limit.
    TimedOut,
}

/// A command on an existing run.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A held run may start now.
    Unhold {
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// The time of a scheduled run has come.
    Due,
    /// An executor takes it.
    Claim {
        /// The executor's name.
        executor: String,
        /// The length of the lease, unless it is extended.
        lease_ms: i64,
    },
    /// The holder is alive.
    Heartbeat {
        /// The caller.
        holder: Holder,
        /// The length of the lease from now on.
        lease_ms: i64,
    },
    /// The holder reports what happened to parts of the work; a new attempt continues from there.
    Advance {
        /// The caller.
        holder: Holder,
        /// What happened, in order. An attempt in which a part completed or failed made progress: if it
        /// is lost, that does not count as a failure.
        parts: Vec<PartChange>,
        /// Whether the state changed that the work goes on from. Without a part that is an event of its own.
        state: bool,
        /// The newest generation of signals that the holder acted on, see [`crate::Signals`].
        acknowledged: i64,
    },
    /// The holder stops performing the run, which has not ended: it waits. This does not count as a
    /// failure.
    Park {
        /// The caller.
        holder: Holder,
        /// What it waits for. A run that is to pause waits for an operator instead.
        wait: Wait,
        /// The newest generation that the holder looked at, see [`crate::Signals`]. If something has
        /// happened since, the command is refused, and the holder has to look again.
        seen: i64,
        /// How many children have not ended.
        live_children: u64,
    },
    /// What the run waits for has come. Never refused.
    Wake {
        /// What has come.
        reason: WaitFor,
        /// How many children have not ended.
        live_children: u64,
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// The timeout of the run's wait has passed.
    WaitOver {
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// An operator's request, in any state.
    Signal {
        /// The request.
        signal: Signal,
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// The holder reports the end of its attempt.
    Finish {
        /// The caller.
        holder: Holder,
        /// How the attempt ended.
        outcome: AttemptOutcome,
        /// The reason, when it did not complete.
        error: Option<String>,
        /// A random number from 0 to 1 for the delay before a retry.
        jitter: f64,
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
    /// The holder releases the run unfinished, as at a planned stop. This does not count as a failure.
    Release {
        /// The caller.
        holder: Holder,
        /// What is wrong with the executor, if that is why.
        reason: Option<String>,
    },
    /// The holder cannot do the work for a reason of its own, such as a full disk. The attempt counts as
    /// lost, and another executor may take the run.
    Abandon {
        /// The caller.
        holder: Holder,
        /// The reason.
        error: String,
    },
    /// The lease was not extended, or the time of all attempts together is over.
    Expire {
        /// A random number from 0 to 1 for the delay before a retry.
        jitter: f64,
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
        /// The configured length of a lease, which tells a lost executor from an exceeded time limit.
        lease_ms: i64,
    },
    /// Cancel a run that is not running.
    CancelPending,
    /// Start a run again that has ended.
    Retry {
        /// See [`crate::sort_key`].
        aging_step_ms: i64,
    },
}

impl Command {
    /// A pause, which queues nothing, or a cancel: a run that cleans up after it does not wait behind others.
    #[must_use]
    pub fn signal(signal: Signal) -> Self {
        Self::Signal {
            signal,
            aging_step_ms: 0,
        }
    }

    /// Its name in the table of states.
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
