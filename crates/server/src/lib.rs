//! Turns requests into commands and rows into bodies; runs the background loops.

mod access;
mod api;
mod app;
mod approvals;
mod assembled;
mod audit;
mod blobs;
mod clock;
mod database;
mod document;
mod executions;
mod hooks;
mod http;
mod kinds;
mod library;
mod live;
mod lock;
mod loops;
mod metrics;
mod operator;
mod outbound;
mod playgrounds;
mod plugin_directory;
mod questions;
mod readiness;
mod refusal;
mod router;
mod running;
mod runs;
mod schedules;
mod settings;
mod traces;
mod vault;

pub use access::{IssueError, Principal};
pub use assembled::{Assembled, backup};
pub use clock::{Clock, Source};

pub use self::http::cors::origin;
pub use database::Database;
pub use operator::Operator;
pub use router::openapi_json;
pub use running::{Error, Running, start};
pub use settings::Settings;
pub use store::{Condition as DatabaseCondition, Error as DatabaseError};
pub use vault::VaultError;
