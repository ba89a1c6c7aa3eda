//! Makes changes durable: the only SQL.
//!
//! Inside it is synchronous: functions over a [`Batch`] (which writes) or a [`Read`]. Outside it is
//! asynchronous: [`Store`] hands them to threads. An answer is reliable: a change
//! is answered after its commit, and a commit is on disk. A function that returns an [`Error`] fails with
//! those of the database; its documentation names others.

pub mod approvals;
pub mod artifacts;
pub mod audit;
mod batch;
pub mod blobs;
pub mod browser_states;
pub mod children;
mod counters;
pub mod credentials;
mod driver;
mod error;
pub mod events;
pub mod executors;
pub mod gates;
pub mod hooks;
mod idempotency;
mod inspect;
mod items;
pub mod keys;
mod listen;
mod location;
pub mod logs;
mod metrics;
mod migrate;
mod pending_claim;
pub mod playgrounds;
pub mod proof;
pub mod questions;
mod reader;
pub mod retention;
pub mod revisions;
pub mod runs;
pub mod schedules;
mod store;
mod thread;
pub mod tickets;
mod waiters;
mod wake;
mod writer;

pub use batch::Batch;
pub use error::Error;
pub use idempotency::IdempotencyKey;
pub use inspect::{Condition, inspect};
pub use location::{Location, backup};
pub use metrics::{CommitSums, note_ms, run_times};
pub use pending_claim::PendingClaim;
pub use reader::Read;
pub use store::Store;
pub use wake::{Topic, TopicWait, Wake};
