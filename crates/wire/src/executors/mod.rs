//! The executor protocol: what our executors say beyond the contracts. An executor registers, exchanges
//! results for runs, renews its leases in one waiting call that brings signals, and reports what happens
//! within a run. Routes are `/api/executors/{executor}/…` and `/api/runs/{id}/…`; errors are problem+json.

mod children;
mod exchange;
mod leases;
pub mod operations;
mod output;
mod parts;
mod playgrounds;
mod plugins;
mod questions;
mod registration;
mod run;

pub use children::{
    AskApproval, AskedApproval, ChildRun, CompareGate, ComparedGate, JobOutcome, JobOutput,
    JobSecrets, PartLease, PluginJobOutcome, SubmitChild,
};
pub use exchange::{ClaimRuns, Exchange, Exchanged, ResultAnswer, ResultOutcome, RunResult};
pub use leases::{HeldLease, LeaseNews, Renew, Renewed};
pub use output::{LeaseOf, OutputChunk, Release};
pub use parts::{AdvanceRun, Advanced, ParkRun, PartReport, PutState, Stage};
pub use playgrounds::{
    AskPlayground, AskedPlayground, ComposeOfLibrary, CreateRequest, ExecRequest, OperationLeft,
    PlaygroundOfStep, PlaygroundRequest, RolloutRequest,
};
pub use plugins::{EndedPlugin, Level, LogLine, PluginState};
pub use questions::{
    AskedQuestion, DiskSpace, IsolationPart, LogsQuestion, MachineReport, Question, ServiceLogLine,
    ServiceStats,
};
pub use registration::{
    Direction, MetricInfo, PlayroomInfo, PluginHost, PluginInfo, Registration, RouterInfo,
};
pub use run::{ClaimedRun, JobInput, PlaygroundOfJob, Signals};

/// What the name of an executor inside a server begins with. It needs no key, and no key is bound to such a
/// name.
pub const BUILT_IN: &str = "built-in-";
