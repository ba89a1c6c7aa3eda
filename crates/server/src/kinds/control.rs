//! What operators may ask of runs.

use engine::{Command, Signal, Status};

use super::KindRow;
use crate::access::Scope;

/// What an operator may ask of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Pause,
    Resume,
    Skip,
    Cancel,
    Retry,
}

impl Control {
    pub(crate) const ALL: [Self; 5] = [
        Self::Pause,
        Self::Resume,
        Self::Skip,
        Self::Cancel,
        Self::Retry,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Skip => "skip",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }

    /// What has been done to a run then.
    pub(crate) fn participle(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Skip => "skipped",
            Self::Cancel => "cancelled",
            Self::Retry => "retried",
        }
    }

    pub(crate) fn command(self, aging_step_ms: i64) -> Command {
        let signal = match self {
            Self::Pause => Signal::Pause,
            Self::Resume => Signal::Resume,
            Self::Skip => Signal::Skip,
            Self::Cancel => Signal::Cancel,
            Self::Retry => return Command::Retry { aging_step_ms },
        };
        Command::Signal {
            signal,
            aging_step_ms,
        }
    }
}

impl KindRow {
    /// Why such a run cannot be asked for this, whatever the engine says of its state.
    pub(crate) fn refuses(&self, control: Control, status: Status) -> Option<String> {
        let (noun, done) = (self.noun, control.participle());
        if !self.controls.contains(&control) {
            return Some(format!("{noun}s cannot be {done}"));
        }
        // Without parts there is no boundary at which the executor could stop and go on later.
        let pauses = self.controls.contains(&Control::Skip);
        let running = control == Control::Pause && status == Status::Running && !pauses;
        running
            .then(|| format!("the {noun} is running: a {noun} can be paused only before it starts"))
    }

    pub(crate) fn scope(&self, control: Control) -> Scope {
        match control {
            Control::Cancel => self.cancel,
            _ => self.write,
        }
    }
}
