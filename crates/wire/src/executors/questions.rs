//! What the server asks an executor and does not keep, and the answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question. The executor answers with `POST /api/executors/{executor}/answers/{question}`: the body is the
/// answer, as one piece or as it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedQuestion {
    /// Its id.
    pub id: String,
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// How the executor's machine is: see [`MachineReport`].
    Doctor,
    /// One that this program does not know.
    #[serde(other)]
    Unknown,
}

/// `200` of `GET /api/executors/{executor}/doctor`: how an executor's machine is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineReport {
    /// Version of the program.
    pub version: String,
    /// `none`, `standard` or `strict`.
    pub isolation: String,
    /// Each part of the isolation, and whether it works.
    pub parts: Vec<IsolationPart>,
    /// The directories that the executor works in.
    pub disks: Vec<DiskSpace>,
}

/// A part of the isolation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IsolationPart {
    /// The part, such as `pid namespace`.
    pub name: String,
    /// `full`, `partial` or `missing`.
    pub support: String,
    /// How it was found to work, or why it does not.
    pub detail: String,
}

/// The room on the disk of one directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiskSpace {
    /// What the directory is for: `cache` or `work`.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// Bytes that are free.
    pub free_bytes: u64,
    /// Bytes that the disk has.
    pub total_bytes: u64,
}
