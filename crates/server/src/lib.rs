//! Turns requests into commands and rows into bodies; runs the background loops.

mod api;
mod app;
mod assembled;
mod clock;
mod guard;
mod lock;
mod loops;
mod metrics;
mod outbound;
mod problem;
mod programs;
mod router;
mod running;
mod scope;
mod settings;
mod transport;

pub use assembled::{Assembled, backup};
pub use clock::{Clock, Source};
pub use router::openapi_json;
pub use running::{Error, Running, start};
pub use scope::Principal;
pub use settings::Settings;
