//! Executions: a playbook that was started.

pub(crate) mod baselines;
pub(crate) mod browser;
pub(crate) mod code;
pub(crate) mod control;
pub(crate) mod delete;
pub(crate) mod find;
pub(crate) mod retry;
pub(crate) mod start;
