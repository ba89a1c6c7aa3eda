//! The contract of the binary job queue, `/api/v1`.

pub(crate) mod admin;
pub(crate) mod binaries;
pub(crate) mod bulk;
pub(crate) mod cancel;
mod check;
mod child;
pub(crate) mod claim;
pub(super) mod error;
pub(crate) mod find;
pub(crate) mod finish;
pub(crate) mod health;
pub(crate) mod heartbeat;
pub(crate) mod logs;
mod places;
mod program;
pub(crate) mod retry;
mod secrets;
pub(crate) mod submit;
mod view;

pub(crate) use child::{outcome as child_outcome, submission as child_submission};
