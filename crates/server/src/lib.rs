//! Turns requests into commands and rows into bodies; runs the background loops.

mod access;
mod api;
mod app;
mod assembled;
mod audit;
mod awaited;
mod body;
mod budget;
mod clock;
mod connection;
mod database;
mod document;
mod guard;
mod hooks;
mod live;
mod lock;
mod loops;
mod metrics;
mod outbound;
mod problem;
mod programs;
mod requests;
mod router;
mod running;
mod settings;
mod traces;
mod transport;

pub use access::{IssueError, Operator, Principal};
pub use assembled::{Assembled, backup};
pub use clock::{Clock, Source};
pub use database::Database;
pub use router::openapi_json;
pub use running::{Error, Running, start};
pub use settings::Settings;
pub use store::{Condition as DatabaseCondition, Error as DatabaseError};
