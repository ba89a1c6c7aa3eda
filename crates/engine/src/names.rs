//! The names of the values of each enum in SQL, JSON and on the command line.

use std::{borrow::Cow, fmt, str::FromStr};

use crate::{EventType, Kind, OnTimeout, Priority, Signal, Stage, Status, WaitFor};

/// The text does not name a value of the enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName(pub String);

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown name `{}`", self.0)
    }
}

impl std::error::Error for UnknownName {}

macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    other => Err(UnknownName(other.to_owned())),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use names;

names!(Priority { Foreground = "foreground", Background = "background", BestEffort = "best_effort" });

names!(Status {
    Held = "held",
    Scheduled = "scheduled",
    Queued = "queued",
    Running = "running",
    Waiting = "waiting",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled",
});

names!(EventType {
    Submitted = "submitted",
    Ready = "ready",
    Started = "started",
    Checkpointed = "checkpointed",
    PartStarted = "part_started",
    PartCompleted = "part_completed",
    PartFailed = "part_failed",
    PartSkipped = "part_skipped",
    PartCancelled = "part_cancelled",
    PartInterrupted = "part_interrupted",
    CancelRequested = "cancel_requested",
    PauseRequested = "pause_requested",
    Resumed = "resumed",
    SkipRequested = "skip_requested",
    Waiting = "waiting",
    Requeued = "requeued",
    Retried = "retried",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled",
});

names!(Signal { Pause = "pause", Resume = "resume", Skip = "skip", Cancel = "cancel" });

names!(Stage {
    Started = "started",
    Completed = "completed",
    Failed = "failed",
    Skipped = "skipped",
    Cancelled = "cancelled",
    Interrupted = "interrupted",
});

names!(WaitFor {
    Operator = "operator",
    Approval = "approval",
    Time = "time",
    Child = "child",
    Children = "children",
    Playground = "playground",
});

names!(OnTimeout { Resume = "resume", Fail = "fail", Cancel = "cancel" });

impl EventType {
    /// Its name in the event log of a kind, which has its own word for a part.
    #[must_use]
    pub fn of(self, kind: Kind) -> Cow<'static, str> {
        let word = self.as_str();
        match (word.strip_prefix("part_"), kind.part()) {
            (Some(stage), Some(part)) => format!("{part}_{stage}").into(),
            _ => word.into(),
        }
    }
}
