//! Executions: a playbook that was started.

mod autofill;
pub(crate) mod control;
pub(crate) mod delete;
pub(crate) mod find;
pub(crate) mod start;
