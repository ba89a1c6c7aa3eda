//! Credentials: what the vault keeps, without what is secret of it.

pub(crate) mod change;
pub(crate) mod list;
pub(crate) mod uses;

pub(super) use crate::executions::missing_credential as missing;
