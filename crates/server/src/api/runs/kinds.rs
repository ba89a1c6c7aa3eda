//! What differs from kind to kind here.

use engine::{Command, Kind, Signal, Status};

use crate::{
    access::Scope,
    api::{jobs, plugin_jobs},
};

/// A kind of runs.
pub(super) struct KindRules {
    /// What people call such a run.
    pub(super) noun: &'static str,
    pub(super) read: Scope,
    /// For everything that is asked of a run but a cancel.
    pub(super) write: Scope,
    pub(super) cancel: Scope,
    /// What such a run may be asked for, wherever it stands.
    pub(super) controls: &'static [Control],
    /// The word of its contract for a status.
    pub(super) word_of: fn(Status) -> &'static str,
    /// What its path in its contract begins with, up to its id.
    pub(super) path: Option<&'static str>,
}

/// What an operator may ask of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Pause,
    Resume,
    Skip,
    Cancel,
    Retry,
}

impl Control {
    pub(super) const ALL: [Self; 5] = [
        Self::Pause,
        Self::Resume,
        Self::Skip,
        Self::Cancel,
        Self::Retry,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Skip => "skip",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }

    /// What has been done to a run then.
    pub(super) fn participle(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Skip => "skipped",
            Self::Cancel => "cancelled",
            Self::Retry => "retried",
        }
    }

    pub(super) fn command(self, aging_step_ms: i64) -> Command {
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

impl KindRules {
    /// Why such a run cannot be asked for this, whatever the engine says of its state.
    pub(super) fn refuses(&self, control: Control, status: Status) -> Option<String> {
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

    pub(super) fn scope(&self, control: Control) -> Scope {
        match control {
            Control::Cancel => self.cancel,
            _ => self.write,
        }
    }
}

fn same_word(status: Status) -> &'static str {
    status.as_str()
}

static JOB: KindRules = KindRules {
    noun: "job",
    read: Scope::JobsRead,
    write: Scope::JobsWrite,
    cancel: Scope::JobsCancel,
    controls: &[
        Control::Pause,
        Control::Resume,
        Control::Cancel,
        Control::Retry,
    ],
    word_of: jobs::status,
    path: Some("/api/v1/jobs/"),
};

static PLUGIN_JOB: KindRules = KindRules {
    noun: "plugin job",
    read: Scope::PluginJobsRead,
    write: Scope::PluginJobsWrite,
    cancel: Scope::PluginJobsCancel,
    controls: &[Control::Pause, Control::Resume, Control::Cancel],
    word_of: plugin_jobs::status,
    path: Some("/playground/jobs/"),
};

static EXECUTION: KindRules = KindRules {
    noun: "execution",
    read: Scope::ExecutionsRead,
    write: Scope::ExecutionsWrite,
    cancel: Scope::ExecutionsCancel,
    controls: &[
        Control::Pause,
        Control::Resume,
        Control::Skip,
        Control::Cancel,
    ],
    word_of: same_word,
    path: None,
};

static OPERATION: KindRules = KindRules {
    noun: "operation",
    read: Scope::PlaygroundsRead,
    write: Scope::PlaygroundsWrite,
    cancel: Scope::PlaygroundsWrite,
    controls: &[Control::Cancel, Control::Retry],
    word_of: same_word,
    path: None,
};

/// What holds for a kind.
pub(super) fn of(kind: Kind) -> &'static KindRules {
    match kind {
        Kind::Job => &JOB,
        Kind::PluginJob => &PLUGIN_JOB,
        Kind::Execution => &EXECUTION,
        Kind::Operation => &OPERATION,
    }
}
