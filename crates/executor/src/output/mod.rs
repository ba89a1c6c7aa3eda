//! What a program prints: an excerpt for the final report, and all of it, live, to the server.

mod pending;
mod spool;
mod upload;

pub use pending::{Held, OutputPiece};
pub use upload::{Captured, Sink, capture, capture_both};
