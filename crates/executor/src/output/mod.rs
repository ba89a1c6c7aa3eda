//! What a program prints: an excerpt for the final report, and all of it, live, to the server.

mod excerpt;
mod pending;
mod upload;

pub use excerpt::Excerpt;
pub use upload::{Captured, Sink, capture};

/// The largest excerpt, in bytes: what the contract allows for each stream.
pub const EXCERPT_LIMIT_BYTES: usize = 1 << 20;
