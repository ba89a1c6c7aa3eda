//! What a run prints and shows while an executor holds it.

use serde::{Deserialize, Serialize};

/// Query of `POST /api/v1/jobs/{id}/logs`, whose body is the raw bytes of one chunk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogChunk {
    /// `stdout` or `stderr`.
    pub stream: crate::jobs::Stream,
    /// Position of the chunk's first byte in this attempt's stream. A chunk that was stored before
    /// is answered `204` and not stored again.
    pub offset: u64,
    /// Who holds the lease.
    pub executor_id: String,
    /// The lease's token.
    pub lease_token: i64,
}

/// Query of `PUT /api/v1/jobs/{id}/frame`, whose body is a picture of what runs, as PNG, JPEG or
/// WebP, of at most 1 MiB. It is shown to the caller who looks on and not kept; a newer one replaces it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FrameOf {
    /// Who holds the lease.
    pub executor_id: String,
    /// The lease's token.
    pub lease_token: i64,
}
