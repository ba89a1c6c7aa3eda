//! The contract of the binary job queue, `/api/v1`.

pub(crate) mod admin;
pub(crate) mod binaries;
pub(crate) mod bulk;
pub(crate) mod cancel;
mod check;
pub(crate) mod claim;
pub(super) mod error;
pub(crate) mod find;
pub(crate) mod finish;
pub(crate) mod health;
pub(crate) mod heartbeat;
pub(crate) mod logs;
pub(crate) mod retry;
pub(crate) mod submit;
mod view;

pub(crate) use admin::active_since;
pub(crate) use submit::{enter, hash, idempotency_key};
pub(crate) use view::status;

/// The queue that plain jobs wait in.
pub(crate) const QUEUE: &str = "job";
