//! The contract of the job queue, one file for each operation or addition.

mod attempts;
mod bad_input;
mod binaries;
mod bulk;
mod cancel;
pub(crate) mod claim;
mod executors;
mod finish;
mod follow;
mod health;
mod heartbeat;
mod idempotency;
mod leases;
mod list;
mod logs;
mod memory;
mod placement;
mod refusals;
mod retry;
mod schedule;
mod stats;
mod submit;
mod zombie;
