//! What the contract of playgrounds, the executor protocol and the loops do alike with playgrounds: what is
//! wanted of one, what its operations are given, what its status is, how it is shown.

mod bodies;
mod change;
mod compose_text;
mod create;
mod directory;
mod find;
mod hosts;
mod jobs;
mod life;
mod loaded;
mod masking;
mod operation;
mod placed;
mod refusals;
mod report;
mod revisions;
mod rooms;
mod sealing;
mod service_settings;
mod spec;
mod start;
mod status;
mod steps;
mod view;
mod wanted;

pub(crate) use bodies::RoomBody;
pub(crate) use change::{changed, write_change};
pub(crate) use compose_text::checked as checked_compose;
pub(crate) use create::{created, new_row, not_made};
pub(crate) use directory::Directory;
pub(crate) use find::{checked_name, id_in_path, missing_playground, missing_playspec, row_of};
pub(crate) use hosts::WantedHosts;
pub(crate) use jobs::complete_if_done;
pub(crate) use life::{LIFETIMES, of as life_of, requested as requested_expiry};
pub(crate) use loaded::{LoadedPlayground, load, outcome_of, status as row_status};
pub(crate) use masking::Masking;
pub(crate) use operation::{OperationRequest, submission};
pub(crate) use placed::{observe, registered};
pub(crate) use refusals::{
    DETAILS, FieldErrors, busy, invalid, invalid_state, locked, quota_exceeded,
};
pub(crate) use report::{OutcomeSecrets, keep_generated, open_secrets, stored_outcome, values};
pub(crate) use revisions::{RevisionBody, RevisionSecrets, difference};
pub(crate) use rooms::{all as all_rooms, room_of, row_of as room_row_of};
pub(crate) use sealing::{GENERATED_PASSWORD, sealed_name};
pub(crate) use spec::{SpecBody, described_services};
pub(crate) use start::{Start, Started, is_being_destroyed, start, start_destroy};
pub(crate) use status::PlaygroundStatus;
pub(crate) use steps::{StepOfRun, ask, of_job};
pub(crate) use view::{details, phases, state, summary};
pub(crate) use wanted::{Wanted, WantedEnvironment};
