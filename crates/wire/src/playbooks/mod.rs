//! The contract of playbooks (`/api/playbooks`, `/api/executions`, `/api/credentials`,
//! `/ws/executions`), with our optional additions.

mod credential;
mod execution;
mod library;
mod original;
mod playbook;
mod schedule;
mod step;

pub use credential::{
    CredentialInfo, CredentialList, CredentialUse, CredentialUses, NewCredential, OWN_CREDENTIAL,
    OpenedCredential, SavedCredential, UseCredential, UsesQuery,
};
pub use execution::{
    Deleted, Execution, ExecutionInput, ExecutionUpdate, NewExecution, Requester, Restart,
    RetryExecution, StartedExecution, Steered, StepResult, UpdatedStep,
};
pub use library::{
    DeletedPlaybook, ImportPlaybook, ImportedPlaybook, MarkedPlaybook, PlaybookDiff,
    PlaybookRevision, PlaybookRevisions, PlaybookText, RenamePlaybook, UpdatePlaybook,
    UpdatedPlaybook, WritePlaybook,
};
pub use original::{
    ClickBrowser, ClickedBrowser, DebugMode, ExecutionCode, LiveHealth, LogEntry, LogList,
    ReadyHealth, ServerConfig, ServerFeatures, StepParameterInfo, StepTypeInfo, StepTypeList,
};
pub use playbook::{
    DuplicatePlaybook, Duplicated, Health, PlaybookDetails, PlaybookList, PlaybookParameter,
    PlaybookProblem, PlaybookStep, PlaybookSummary, ValidatePlaybook, Validated,
};
pub use schedule::{
    CatchUp, DeletedSchedule, NewSchedule, Overlap, Schedule, ScheduleChange, ScheduleHistory,
    ScheduleList, ScheduledExecution,
};
pub use step::{StepBody, StepStatus};
