//! What a command changes, or why it may not.

use crate::{Command, PartChange, Run, RunId, Stage, Status};

/// What a legal command does to a run. The store writes all of it in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The run after the change.
    pub run: Run,
    /// What happened to its attempts.
    pub attempt: Option<Attempt>,
    /// The events to append, in order.
    pub events: Vec<Event>,
    /// Why the run failed, when this change ends an attempt without success.
    pub error: Option<String>,
    /// The command to apply to the child runs that have not ended.
    pub for_children: Option<Command>,
    /// The stage of all parts that have started and not ended; `None` leaves them open.
    pub end_parts: Option<Stage>,
}

/// What happened to an attempt. Its number is the run's `starts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It started.
    Opened,
    /// It ended.
    Closed(AttemptEnd),
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    /// The work is done.
    Completed,
    /// The executor reported a failure.
    Failed,
    /// Its executor stopped it at its time limit.
    TimedOut,
    /// Its time limit was exceeded for too long: its executor did not stop it.
    Overtime,
    /// It was cancelled.
    Cancelled,
    /// Its executor was lost, or could not do the work.
    Lost,
    /// Its executor released it.
    Released,
    /// Its executor parked it: the run waits.
    Parked,
}

impl AttemptEnd {
    /// Whether `word` names an end that the attempt's holder reported.
    #[must_use]
    pub fn was_reported(word: &str) -> bool {
        let reported = [
            Self::Completed,
            Self::Failed,
            Self::TimedOut,
            Self::Cancelled,
        ];
        reported.iter().any(|end| end.as_str() == word)
    }

    /// Its name in SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
            Self::Overtime => "overtime",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::Released => "released",
            Self::Parked => "parked",
        }
    }
}

/// An entry for the event log, which adds number, time, kind and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub event_type: EventType,
    /// The run's `starts` at that time; 0 before the first.
    pub attempt: i64,
    /// The executor of the attempt that it is about.
    pub executor: Option<String>,
    /// The reason, where one is known.
    pub reason: Option<String>,
    /// When the run becomes ready, or when its wait ends at the latest.
    pub due_at: Option<i64>,
    /// The change of a part that it reports.
    pub part: Option<PartChange>,
}

/// What happened; the log's type is `<kind>.<word>`, see [`EventType::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// It was accepted.
    Submitted,
    /// It may be claimed now: it was held, or its time has come.
    Ready,
    /// An attempt started.
    Started,
    /// A part of the work is tried again, or only the state changed that the work goes on from.
    Checkpointed,
    /// A part of the work began.
    PartStarted,
    /// A part of the work is done.
    PartCompleted,
    /// A part of the work failed for good.
    PartFailed,
    /// A part of the work was skipped.
    PartSkipped,
    /// A part of the work was stopped by a cancel.
    PartCancelled,
    /// The attempt ended before a part of the work did.
    PartInterrupted,
    /// Its executor is asked to stop it.
    CancelRequested,
    /// Its executor is asked to park it.
    PauseRequested,
    /// A pause is over, or was withdrawn before the executor parked it.
    Resumed,
    /// A part of its work is to be skipped.
    SkipRequested,
    /// It is paused or parked: it waits without an executor.
    Waiting,
    /// An attempt ended and another will follow.
    Requeued,
    /// It was started again after its end.
    Retried,
    /// The work is done.
    Completed,
    /// It ended without success.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// Why a command may not change a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The run.
    pub run: RunId,
    /// The run's status.
    pub status: Status,
    /// The command's name, see [`crate::Command::name`].
    pub command: &'static str,
    /// True when the run has a lease that the caller does not own.
    pub not_holder: bool,
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.not_holder {
            write!(
                f,
                "cannot {} run {}: the caller does not own its lease",
                self.command, self.run
            )
        } else {
            write!(
                f,
                "cannot {} run {}: it is {}",
                self.command, self.run, self.status
            )
        }
    }
}

impl std::error::Error for Rejected {}
