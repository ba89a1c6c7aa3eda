//! What the server asks an executor and does not keep, and the answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question. The executor answers with `POST /api/executors/{executor}/answers/{question}`: the body is the
/// answer, as one piece or as it comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AskedQuestion {
    /// Its id.
    pub id: String,
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// How the executor's machine is: see [`MachineReport`].
    Doctor,
    /// What services of a playground print. The answer has one [`ServiceLogLine`] as JSON on each line.
    PlaygroundLogs(LogsQuestion),
    /// Whether the compose tool and the policy take a file: the answer is a
    /// [`CheckedCompose`](crate::playgrounds::CheckedCompose).
    CheckCompose {
        /// For which playroom.
        playroom: String,
        /// What the playroom allows, as in [`OperationInput`](super::operations::OperationInput).
        #[serde(default)]
        #[schema(value_type = Object)]
        policy: serde_json::Value,
        /// The file.
        yaml: String,
    },
    /// What the services of a playground use now: the answer is a list of [`ServiceStats`].
    PlaygroundStats {
        /// The playground.
        playground_id: i64,
        /// Its Compose project.
        project: String,
    },
    /// To do something in the page of a parked run: the answer is a
    /// [`SteeredBrowser`](crate::browser::SteeredBrowser).
    SteerBrowser {
        /// The run.
        run: String,
        /// What a person does.
        input: crate::browser::BrowserInput,
    },
    /// One that this program does not know.
    #[serde(other)]
    Unknown,
}

/// Which lines are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogsQuestion {
    /// The playground.
    pub playground_id: i64,
    /// Its Compose project.
    pub project: String,
    /// The service; without one, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The last lines of each, so many.
    pub tail: u32,
    /// Whether the answer goes on with what is printed next, until the caller who asked goes away or the
    /// containers are removed.
    #[serde(default)]
    pub follow: bool,
    /// Only lines since this time, epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
}

/// A line that a service printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceLogLine {
    /// The service.
    pub service: String,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// The line, without its end.
    pub line: String,
    /// When, as Docker says, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// What a service uses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceStats {
    /// The service.
    pub name: String,
    /// Processor time a second, in thousandths of a processor.
    pub cpu_millis: u64,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// The limit of its memory, in bytes; 0 when there is none.
    pub memory_limit_bytes: u64,
    /// Processes.
    pub pids: u64,
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
    /// Why it claims nothing, while it cannot work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<String>,
    /// What jobs left that cannot be removed: paths there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<String>,
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
