//! The contract of playgrounds (`/api/playgrounds`, `/api/playspecs`, `/api/playrooms`, `/api/launch`), with our
//! optional additions.

mod change;
mod compose;
mod debug;
mod environment;
mod launch;
mod logs;
mod name;
mod operation;
mod playground;
mod playroom;
mod playspec;
mod settings;

pub use change::{
    ChangePlayground, ExtendExpiration, Extended, NewPlayground, NewPlaygroundBody,
    OperatePlayground, PlaygroundChange, PlaygroundLife, RollBack,
};
pub use compose::{CheckedCompose, CheckedService, ComposeText, GeneratedCompose};
pub use debug::{DebugService, PlaygroundDebug};
pub use environment::EnvMetadataView;
pub use launch::{Launch, Launched};
pub use logs::{ServiceLogs, ServiceLogsQuery};
pub use name::IdOrName;
pub use operation::{
    OperationView, PhaseView, PlannedRollout, PlaygroundResult, RevisionDiff, RevisionView,
};
pub use playground::{
    BranchOfService, Listed, PageMeta, PageOf, Playground, PlaygroundQuery, PlaygroundState,
    PlaygroundSummary, ServiceUrlState,
};
pub use playroom::{
    ChangePlayroom, CheckResult, NewPlayroomBody, Playroom, PlayroomChange, TestedConnection,
};
pub use playspec::{
    ChangeMountedFile, ChangePlayspec, MountedFileView, NewPlayspecBody, NewRegistryCredential,
    Playspec, PlayspecChange, PlayspecSummary, RegistryCredential,
};
pub use settings::{ExposureSettings, GitConfig, PlayspecService, PortMapping, ServiceSettings};
