//! What can be typed: one file per noun. The doc comments are the help texts.

mod addresses;
mod approval;
mod audit;
mod client;
mod credential;
mod docker;
mod doctor;
mod events;
mod executor;
mod hook;
mod input;
mod job;
mod jobs;
mod key;
mod placement;
mod playbook;
mod playground;
mod playspec;
mod plugin;
mod plugin_job;
mod program;
mod run;
mod schedule;
mod secret;
mod server;
mod tracing;
mod values;
mod variables;

pub(crate) use approval::{ApprovalArgs, Approve, ListApprovals, OneApproval, Reject};
pub(crate) use audit::{Audit, ListAudit, VerifyAudit};
pub(crate) use client::{Address, ClientArgs, DEFAULT_SERVER, Format, Reconnect, ShownKey};
pub(crate) use credential::{
    CredentialArgs, CredentialUsesArgs, DeleteCredentials, RotateKey, SetCredential, VaultArgs,
};
pub(crate) use docker::{ForDocker, GitProtocol};
pub(crate) use doctor::{Backup, Completions, Doctor};
pub(crate) use events::Events;
pub(crate) use executor::{BuiltIn, Executor, Isolation, Work};
pub(crate) use hook::{ChangeHook, CreateHook, DeleteHook, Deliveries, HookArgs, TestHook};
pub(crate) use input::InputArgs;
pub(crate) use job::{Job, List, Logs, Priority, Submit};
pub(crate) use jobs::{Handover, Ids, OneJob, PageArgs, Wait};
pub(crate) use key::{CreateKey, JoinToken, KeyArgs, KeyPlace, ListKeys, RevokeKey};
pub(crate) use placement::ForPlacement;
pub(crate) use playbook::{
    AcceptPicture, CheckPlaybooks, DiffPlaybook, NewPlaybook, OnePlaybook, PlaybookArgs,
    PutPlaybook, RecordPlaybook, RunPlaybook,
};
pub(crate) use playground::{
    CreatePlayground, DebugArgs, Destroy, EnvironmentArgs, Extend, OnePlayground, OpenService,
    Operate, PlaygroundArgs, PlaygroundSettings, RollbackArgs, Rollout, ServiceLogsArgs, Up,
};
pub(crate) use playspec::{CheckCompose, DeletePlayspecs, OnePlayspec, PlayspecArgs, PutPlayspec};
pub(crate) use plugin::{
    CheckPlugin, InstallPlugin, ListPlugins, PluginArgs, PluginsPlace, RunPlugin,
};
pub(crate) use plugin_job::{ListPluginJobs, PluginJob, SubmitPlugins};
pub(crate) use program::{Program, ProgramCommand};
pub(crate) use run::{Download, ListRuns, OneRun, RetryRuns, RunArgs, RunIds, WatchRun};
pub(crate) use schedule::{
    CatchUpArg, CreateSchedule, DeleteSchedules, History, OneSchedule, OverlapArg, ScheduleArgs,
};
pub(crate) use secret::{Secret, conceal, without_logins, without_secrets};
pub(crate) use server::{Dev, Place, Serve, Server};
pub(crate) use tracing::Tracing;
pub(crate) use values::{Moment, word};
