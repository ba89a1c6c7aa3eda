//! How an executor performs operations on playgrounds.
//!
//! An operation is a run of kind `operation`: its input is an [`OperationInput`], and its parts are the
//! phases, whose names are the keys of [`PHASES`]. An executor:
//!
//! 1. registers the playrooms whose Docker engines it reaches ([`super::PlayroomInfo`]), and claims runs of kind
//!    `operation`; it gets those of its playrooms only, and at most one at a time for each playground;
//! 2. opens what is secret under its lease: `POST /api/runs/{id}/credentials` with the name [`OWN_SECRETS`]
//!    answers with an [`OperationSecrets`] as `fields`; a name of [`OperationInput::credentials`] with that
//!    credential of the vault, such as the login of a repository;
//! 3. reports each phase with `POST /api/runs/{id}/parts` before its work begins and when it has ended;
//! 4. stores values that it drew with `POST /api/runs/{id}/generated` **before** it uses them;
//! 5. reports what it left with `PUT /api/runs/{id}/outcome`, also when it failed, and only then the
//!    result of the attempt. The outcome again is stored in place of the one before.
//!
//! Between operations it reports what it sees: see [`ReportPlaygrounds`].

mod input;
mod observed;
mod outcome;
mod secrets;

pub use input::{
    ContainerCommand, MountedFile, OperationAction, OperationInput, OperationTarget,
    RoutingDefaults, ServiceSources,
};
pub use observed::{
    ObservedPlayground, PlacedPlayground, PlacedPlaygrounds, ReportPlaygrounds, ServiceState,
};
pub use outcome::{
    BranchClone, BuildRecord, EnvironmentValue, JobOfPlayground, OperationFailure,
    OperationOutcome, PlaygroundEnvironment, ReportOutcome, ServiceLog, ServiceUrl,
};
pub use secrets::{
    AppliedRevision, Generated, KeepGenerated, OWN_SECRETS, OperationSecrets, RegistryLogin,
};

/// The phases of operations, and what people call them. An operation performs those that it needs, each at
/// most once an attempt; a playground's `creation_step` is the one that began last.
pub const PHASES: [(&str, &str); 12] = [
    ("router_start", "Starting Router"),
    ("repo_clone", "Cloning Repositories"),
    ("image_build", "Building Images"),
    ("image_pull", "Pulling Images"),
    ("compose_generate", "Generating Compose"),
    ("compose_plan", "Planning Changes"),
    ("compose_down", "Removing Containers"),
    ("compose_up", "Starting Containers"),
    ("compose_rollout", "Replacing Containers"),
    ("compose_stop", "Stopping Containers"),
    ("compose_undo", "Undoing Changes"),
    ("job_capture", "Capturing Results"),
];

/// What people call a phase.
#[must_use]
pub fn phase_label(key: &str) -> Option<&'static str> {
    let found = PHASES.iter().find(|(name, _)| *name == key);
    found.map(|(_, label)| *label)
}
