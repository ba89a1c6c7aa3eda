//! Programs: fetched once, kept by their SHA-256, checked again before every run.

mod cache;
mod digest;
mod download;
mod fetch;
mod incoming;
mod index;
mod limits;
mod source;
mod web;

pub use cache::{Binaries, Pinned};
pub use digest::Digest;
pub(crate) use fetch::reason;
pub use limits::FetchLimits;
pub use source::DownloadSource;

/// Why a program is not there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The URL or the hash is not one.
    #[error("{0}")]
    Invalid(String),
    /// It could not be fetched.
    #[error("{0}")]
    Fetch(String),
    /// The server that has it could not be reached, failed, or its answer broke off, however often it was asked.
    #[error("{0}")]
    Unreachable(String),
    /// The executor's own server, which has it, could not be reached, or its answer broke off.
    #[error("{0}")]
    Away(String),
    /// What came is something else.
    #[error("the SHA-256 is wrong: expected {expected}{}", got.map_or_else(String::new, |got| format!(", got {got}")))]
    Mismatch {
        /// The hash that the job asked for.
        expected: Digest,
        /// The hash of what came, where that may be told.
        got: Option<Digest>,
    },
    /// The cache directory cannot be written or read.
    #[error("the cache failed: {0}")]
    Cache(String),
}
