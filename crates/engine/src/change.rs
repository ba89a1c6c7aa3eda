//! What a command changes, or why it may not.

use crate::{Command, PartChange, Run, RunId, Stage, Status};

/// What a legal command does to a run. The store writes all of it in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The run as it is now.
    pub run: Run,
    /// What happened to its attempts.
    pub attempt: Option<Attempt>,
    /// What the event log gets, in order.
    pub events: Vec<Event>,
    /// Why the run failed, when this change ends an attempt without success.
    pub error: Option<String>,
    /// The command that goes down to the child runs.
    pub for_children: Option<Command>,
    /// How parts end that were started and have not ended.
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
    /// Its time was up.
    TimedOut,
    /// Its time was up long ago, and its executor did not stop it.
    Overtime,
    /// It was cancelled.
    Cancelled,
    /// Its executor was not heard of any more.
    Lost,
    /// Its executor released it.
    Released,
    /// Its executor parked it: the run waits.
    Parked,
}

impl AttemptEnd {
    /// Whether the end of this word was reported by the attempt's holder.
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

    /// The word for it in SQL.
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

/// A fact for the event log; the log adds number, time, kind and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub event_type: EventType,
    /// Which start of the run it belongs to; 0 before the first.
    pub attempt: i64,
    /// Whose attempt it is.
    pub executor: Option<String>,
    /// Why, where there is a why.
    pub reason: Option<String>,
    /// When the run becomes ready, for one that waits.
    pub due_at: Option<i64>,
    /// The part of the work that it is about, if it is about one.
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
    /// A part of the work is tried again.
    Checkpointed,
    /// A part of the work began.
    PartStarted,
    /// A part of the work is done.
    PartCompleted,
    /// A part of the work failed for good.
    PartFailed,
    /// A part of the work was left out.
    PartSkipped,
    /// A part of the work was stopped by a cancel.
    PartCancelled,
    /// A part of the work was interrupted.
    PartInterrupted,
    /// It was asked to stop.
    CancelRequested,
    /// It was asked to pause.
    PauseRequested,
    /// It is to go on: a resume, before the pause took effect or after.
    Resumed,
    /// A part of its work is to be skipped.
    SkipRequested,
    /// It waits, and no executor performs it.
    Waiting,
    /// An attempt ended and another will follow.
    Requeued,
    /// It was started again after its end.
    Retried,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// Why a command may not change a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The run.
    pub run: RunId,
    /// Where it stands.
    pub status: Status,
    /// What was asked, see [`crate::Command::name`].
    pub command: &'static str,
    /// True when the run has a lease, which the caller does not own.
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
