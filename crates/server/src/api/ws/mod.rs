//! WebSockets: the event log for anybody, the playbook contract's executions, the browser of one run.

pub(crate) mod events;
pub(crate) mod executions;
mod feed;
pub(crate) mod frames;
mod socket;
