//! The table of kinds: what differs from kind to kind, one row each. Retention, events, metrics, hooks,
//! live streams, lists and claims work from the rows.

mod control;

use std::time::Duration;

pub(crate) use control::Control;
use engine::{Kind, State, Status, WaitFor};
use futures_util::future::BoxFuture;
use serde_json::Value;
use store::{
    Read,
    runs::{Details, PartReport, Submission},
};

use crate::{
    Settings,
    access::Scope,
    api::{jobs, plugin_jobs},
    app::App,
    refusal::Refusal,
};

/// A kind of runs.
pub(crate) struct KindRow {
    /// What people call such a run.
    pub(crate) noun: &'static str,
    /// What the path of such a run begins with in its contract, up to its id.
    pub(crate) path: Option<&'static str>,
    pub(crate) queues: Queues,
    /// The contract's word for a status.
    pub(crate) word_of: fn(Status) -> &'static str,
    /// The contract's word for a run that waits.
    pub(crate) word_of_wait: fn(WaitFor) -> &'static str,
    pub(crate) read: Scope,
    /// For all controls but cancel.
    pub(crate) write: Scope,
    pub(crate) cancel: Scope,
    /// What an operator may ask of such a run, whatever its status.
    pub(crate) controls: &'static [Control],
    /// Whether such a run is held until its creator starts it. One that is never started ends when it is
    /// as old as retention allows.
    pub(crate) starts_held: bool,
    /// Whether at most one part of such a run may run at a time.
    pub(crate) serial_parts: bool,
    /// Makes rows of what an executor reports of parts, if the run's input allows it; without it, the kind
    /// has no rules of its own.
    pub(crate) check_parts: Option<CheckParts>,
    /// How steps of executions start such runs, if they may.
    pub(crate) child: Option<ChildRules>,
    /// How long such a run is kept after its end.
    pub(crate) kept: fn(&Settings) -> Duration,
}

/// The run's input and the reports.
pub(crate) type CheckParts =
    fn(&[u8], Vec<wire::executors::PartReport>) -> Result<Vec<PartReport>, Refusal>;

/// How steps start runs of a kind, and what those leave.
pub(crate) struct ChildRules {
    /// Checks what a step wants and makes it a run.
    pub(crate) submission: fn(App, Value) -> BoxFuture<'static, Result<Submission, Refusal>>,
    /// What such a run left, once it has ended.
    pub(crate) outcome: fn(&mut Read<'_, '_>, Details) -> Result<Value, store::Error>,
}

/// Which queues the runs of a kind wait in.
pub(crate) enum Queues {
    /// All in one, of this name.
    One(&'static str),
    /// Those that need no capabilities in the one of this name, the others in its family.
    Both(&'static str),
    /// One for each set of capabilities that the executor must have, such as plugins: a family of this name.
    Family(&'static str),
}

static JOB: KindRow = KindRow {
    noun: "job",
    path: Some("/api/v1/jobs/"),
    queues: Queues::Both("job"),
    word_of: |status| match status {
        // What may not start yet is pending as well.
        Status::Held | Status::Scheduled | Status::Queued | Status::Waiting => "pending",
        status => status.as_str(),
    },
    word_of_wait: |_| "pending",
    read: Scope::JobsRead,
    write: Scope::JobsWrite,
    cancel: Scope::JobsCancel,
    controls: &[
        Control::Pause,
        Control::Resume,
        Control::Cancel,
        Control::Retry,
    ],
    starts_held: false,
    serial_parts: false,
    check_parts: None,
    child: Some(ChildRules {
        submission: jobs::child_submission,
        outcome: jobs::child_outcome,
    }),
    kept: |settings| settings.retention,
};

static PLUGIN_JOB: KindRow = KindRow {
    noun: "plugin job",
    path: Some("/playground/jobs/"),
    queues: Queues::Family("plugin_job"),
    word_of: |status| match status {
        Status::Held | Status::Scheduled | Status::Queued | Status::Waiting => "queued",
        // The contract has no word for a job that was cancelled.
        Status::Cancelled => "failed",
        status => status.as_str(),
    },
    word_of_wait: |_| "queued",
    read: Scope::PluginJobsRead,
    write: Scope::PluginJobsWrite,
    cancel: Scope::PluginJobsCancel,
    controls: &[Control::Pause, Control::Resume, Control::Cancel],
    starts_held: true,
    serial_parts: true,
    check_parts: Some(plugin_jobs::check_parts),
    child: Some(ChildRules {
        submission: plugin_jobs::child_submission,
        outcome: plugin_jobs::child_outcome,
    }),
    kept: |settings| settings.retention,
};

static EXECUTION: KindRow = KindRow {
    noun: "execution",
    path: Some("/api/executions/"),
    queues: Queues::One("execution"),
    word_of: |status| match status {
        Status::Held | Status::Scheduled | Status::Queued => "pending",
        status => status.as_str(),
    },
    word_of_wait: |reason| match reason {
        WaitFor::Operator => "paused",
        WaitFor::Approval => "waiting",
        // A step that sleeps or waits for a child runs, as far as its playbook is concerned.
        WaitFor::Time | WaitFor::Child | WaitFor::Children | WaitFor::Playground => "running",
    },
    read: Scope::ExecutionsRead,
    write: Scope::ExecutionsWrite,
    cancel: Scope::ExecutionsCancel,
    controls: &[
        Control::Pause,
        Control::Resume,
        Control::Skip,
        Control::Cancel,
        Control::Retry,
    ],
    starts_held: false,
    serial_parts: false,
    check_parts: None,
    child: None,
    kept: |settings| settings.retention,
};

static OPERATION: KindRow = KindRow {
    noun: "operation",
    // `GET /api/playgrounds/{id}/operations` lists them: by themselves they are runs.
    path: None,
    queues: Queues::Family("operation"),
    word_of: Status::as_str,
    word_of_wait: |_| "waiting",
    read: Scope::PlaygroundsRead,
    write: Scope::PlaygroundsWrite,
    cancel: Scope::PlaygroundsWrite,
    // To be done again it is asked for again, on the playground as it is then.
    controls: &[Control::Cancel],
    starts_held: false,
    serial_parts: false,
    check_parts: None,
    child: None,
    kept: |settings| settings.retention,
};

/// The row of a kind.
pub(crate) fn of(kind: Kind) -> &'static KindRow {
    match kind {
        Kind::Job => &JOB,
        Kind::PluginJob => &PLUGIN_JOB,
        Kind::Execution => &EXECUTION,
        Kind::Operation => &OPERATION,
    }
}

impl KindRow {
    /// The contract's word for a state.
    pub(crate) fn word(&self, state: &State) -> &'static str {
        match state {
            State::Waiting(wait) => (self.word_of_wait)(wait.reason),
            state => (self.word_of)(state.status()),
        }
    }
}

impl Queues {
    /// The queue of runs that need executors with these capabilities.
    pub(crate) fn queue(&self, capabilities: &[String]) -> String {
        match self {
            Self::One(name) => (*name).to_owned(),
            Self::Both(name) if capabilities.is_empty() => (*name).to_owned(),
            Self::Both(name) | Self::Family(name) => {
                let mut capabilities: Vec<&str> = capabilities.iter().map(String::as_str).collect();
                capabilities.sort_unstable();
                format!("{name}:{}", capabilities.join(","))
            }
        }
    }
}

/// The capabilities that a queue of a family asks for: what stands behind the colon of its name.
pub(crate) fn capabilities(rest: &str) -> impl Iterator<Item = &str> {
    rest.split(',')
}
