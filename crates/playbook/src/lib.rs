//! The playbook language: load, check, render templates, decide the next step. Pure: no clock, no IO, no
//! async, no randomness.
//!
//! [`parse`] reads a playbook, [`check`] says what is wrong with one that loads, [`Playbook::resolve`] makes the
//! parameters of an execution, and [`Progress`] answers which step is next. [`render`] fills in templates, and
//! [`step_types`] is the table of what steps can do; [`schema`] makes a JSON Schema of it.

mod check;
mod files;
mod load;
mod model;
mod problem;
mod progress;
mod resolve;
mod schema;
mod steps;
mod suggest;
mod template;
mod yaml;

pub use check::{BundleProblem, check, check_bundle};
pub use files::{NamedFile, beside};
pub use load::{Loaded, parse, problems};
pub use model::{ForEach, OnFailure, Parameter, ParameterKind, Playbook, Retry, Step};
pub use problem::{Position, Problem, Severity};
pub use progress::{
    Bundle, EditedParameters, ExecutionOutcome, JournalPart, JournalProblem, PartStage, Progress,
    ReadyStep, StepKey, StepOutcome,
};
pub use resolve::ParameterProblem;
pub use schema::schema;
pub use steps::{StepOutput, StepParameter, StepType, step_type, step_types, with_defaults};
pub use suggest::nearest;
pub(crate) use template::CredentialRef;
pub use template::{
    NoSecrets, Reference, RenderProblem, Scope, Secrets, credential_marker, evaluate, references,
    render, render_text,
};
