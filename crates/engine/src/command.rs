//! What may be asked of a run.

use crate::{Backoff, Class, DEFAULT_MAX_ATTEMPTS, Kind, RunId};

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
    /// Its priority class.
    pub class: Class,
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
            class: Class::Background,
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

/// What happened to a part of a run's work: a plugin, a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub stage: Stage,
    /// What the event tells beside: a JSON object, which is opaque here; empty for nothing.
    pub told: String,
}

/// A turn in the life of a part of a run's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It began.
    Started,
    /// It is done.
    Completed,
    /// It failed for good.
    Failed,
    /// It was left out: there is nothing for it to do.
    Skipped,
}

/// What an executor reports at the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
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
        /// See [`crate::rank`].
        bound_ms: i64,
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
    /// The holder notes how far it is, and a new attempt goes on from there.
    Checkpoint {
        /// Who says so.
        holder: Holder,
        /// What happened to a part of the work, if that is to be told. A lease under which a part
        /// ended got somewhere: when it is lost, that does not count against the cap.
        part: Option<Part>,
    },
    /// The holder reports the end of its attempt.
    Finish {
        /// Who says so.
        holder: Holder,
        /// How the attempt ended.
        verdict: Verdict,
        /// Why, when it did not complete.
        error: Option<String>,
        /// A random number from 0 to 1 for the wait before a retry.
        draw: f64,
        /// See [`crate::rank`].
        bound_ms: i64,
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
        draw: f64,
        /// See [`crate::rank`].
        bound_ms: i64,
        /// The configured lease length, which tells a lost executor from an overtime one.
        lease_ms: i64,
    },
    /// Call off a run that is not running.
    CancelPending,
    /// Call it off wherever it stands: a running one is asked to stop.
    Cancel,
    /// Start an ended run anew.
    Retry {
        /// See [`crate::rank`].
        bound_ms: i64,
    },
}

impl Command {
    /// Its name, as the table of states shows it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unhold { .. } => "unhold",
            Self::Due => "due",
            Self::Claim { .. } => "claim",
            Self::Heartbeat { .. } => "heartbeat",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Finish { .. } => "finish",
            Self::Release { .. } => "release",
            Self::Abandon { .. } => "abandon",
            Self::Expire { .. } => "expire",
            Self::CancelPending => "cancel_pending",
            Self::Cancel => "cancel",
            Self::Retry { .. } => "retry",
        }
    }
}
