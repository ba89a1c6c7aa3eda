//! WebSockets: the event log for anybody, and the playbook contract's executions.

pub(crate) mod events;
pub(crate) mod executions;
mod socket;
