//! The contract of playbooks (`/api/playbooks`, `/api/executions`, `/api/credentials`,
//! `/ws/executions`), with our optional additions.

mod credential;
mod execution;
mod playbook;
mod step;

pub use credential::{
    CredentialInfo, CredentialList, CredentialUse, CredentialUses, NewCredential, OWN_CREDENTIAL,
    OpenedCredential, SavedCredential, UseCredential, UsesQuery,
};
pub use execution::{
    Deleted, Execution, ExecutionInput, ExecutionUpdate, NewExecution, StartedExecution, Steered,
    StepResult, UpdatedStep,
};
pub use playbook::{
    DuplicatePlaybook, Duplicated, Health, PlaybookDetails, PlaybookList, PlaybookParameter,
    PlaybookProblem, PlaybookStep, PlaybookSummary, ValidatePlaybook, Validated,
};
pub use step::{StepBody, StepStatus};
