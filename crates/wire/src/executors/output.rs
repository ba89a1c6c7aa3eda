//! What a run prints and shows while an executor owns its lease, and how it is released.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Query of `POST /api/runs/{id}/output`, whose body is the raw bytes of one chunk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutputChunk {
    /// `stdout` or `stderr`.
    pub stream: crate::jobs::Stream,
    /// Position of the chunk's first byte in this attempt's stream. A chunk that was stored before is
    /// answered `204` and not stored again.
    pub offset: u64,
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
}

/// Who owns the lease: the query of `PUT /api/runs/{id}/frame`, whose body is a picture of what runs, as PNG,
/// JPEG or WebP, of at most 1 MiB. Subscribers see it; it is not kept, and a newer one replaces it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeaseOf {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
}

/// Body of `POST /api/runs/{id}/release`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Release {
    /// The executor that owns the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// Why the executor cannot do the work, when that was not planned: then the attempt counts as a lost one.
    /// Without it, the release is planned and does not count.
    #[serde(
        default,
        deserialize_with = "crate::shape::optional_printed",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_message: Option<String>,
    /// What is wrong with the executor, when it cannot work at all: the release does not count, and this is its
    /// reason for people. Beside `error_message` it means nothing.
    #[serde(
        default,
        deserialize_with = "crate::shape::optional_printed",
        skip_serializing_if = "Option::is_none"
    )]
    pub reason: Option<String>,
}
