//! What programs print.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which stream of a program an output chunk belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// `stdout` or `stderr`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// `data` of one SSE message of `GET /api/v1/jobs/{id}/logs?follow=1`; its `id` rises within the
/// job and its event is `chunk`. The last message has the event `end` and a [`LogEnd`].
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogText {
    /// Which stream it belongs to.
    pub stream: Stream,
    /// Which start of the job printed it, from 1.
    pub attempt: u32,
    /// Position of its first byte in that attempt's stream.
    pub offset: u64,
    /// The text; bytes that are not UTF-8 appear as U+FFFD.
    pub text: String,
}

/// `data` of the last SSE message of a followed log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogEnd {
    /// The job's final status.
    pub status: String,
}
