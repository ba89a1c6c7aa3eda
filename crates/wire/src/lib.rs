//! What goes over the wire: the types of the contracts, the executor protocol, the event stream
//! and a typed client. No rule of the queue lives here, and nothing here knows a database or axum.

pub mod address;
pub mod approvals;
pub mod artifacts;
pub mod audit;
pub mod browser;
pub mod client;
pub mod events;
pub mod executors;
pub mod hooks;
pub mod jobs;
pub mod keys;
pub mod playbooks;
pub mod playgrounds;
pub mod plugin_jobs;
pub mod runs;
mod shape;
pub mod text;
mod timestamp;
pub mod trace;
pub mod vault;

pub use json_text::JsonText;
pub use shape::Object;
pub use timestamp::{Timestamp, TimestampMs};
