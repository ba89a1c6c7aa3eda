//! Requests: what is read of them.

pub(crate) mod check;
pub(crate) mod extract;
pub(crate) mod json;
