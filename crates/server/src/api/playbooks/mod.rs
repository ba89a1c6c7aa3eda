//! The contract of playbooks: `/api/playbooks`, `/api/executions`, `/api/health`, and what we add to it.

pub(crate) mod credentials;
pub(crate) mod duplicate;
pub(super) mod error;
pub(crate) mod executions;
pub(crate) mod find;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod marks;
pub(crate) mod original;
mod revisions;
pub(crate) mod validate;
mod view;
pub(crate) mod write;
