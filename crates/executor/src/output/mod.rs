//! What a program prints: an excerpt for the final report, and all of it, live, to the server.

mod pending;
mod upload;

pub use upload::{Captured, Sink, capture};
