//! How far a plugin job has come: the durable note from which a new attempt goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Body of `PUT /api/runs/{id}/progress`, which replaces the whole note. The same report again changes
/// nothing. At most 16 MiB.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProgressReport {
    /// Who holds the lease.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// What is to be told to the caller who follows the job, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<Fact>,
    /// The note.
    pub progress: Progress,
}

/// What happened to a plugin. The note has the rest: of one that started it is the `current`, of one
/// that ended the last in `ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// What happened.
    pub stage: Stage,
    /// To which plugin.
    pub plugin: String,
}

/// A turn in a plugin's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It began, for the first time in this attempt.
    Started,
    /// It left a metric.
    Completed,
    /// It failed for good, after its retries.
    Failed,
    /// It does not take the job's input, and the job did not name it: it was not called.
    Skipped,
    /// An operator cancelled the run while it ran.
    Cancelled,
    /// Its attempt was lost while it ran.
    Interrupted,
}

/// How far a plugin job has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// The plugin that runs, or waits for its next try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentPlugin>,
    /// Plugins that ended, in the order of their ends. It only ever grows.
    #[serde(default)]
    pub ended: Vec<EndedPlugin>,
    /// The job's key-value store.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub storage: BTreeMap<String, Value>,
    /// Summaries by plugin.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub summary: BTreeMap<String, Value>,
}

/// The plugin that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CurrentPlugin {
    /// Its name.
    pub plugin: String,
    /// How many tries of it failed so far.
    #[serde(default)]
    pub failed_tries: u32,
}

/// What a plugin left: it completed, unless it says why it failed or was skipped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EndedPlugin {
    /// Its name.
    pub plugin: String,
    /// Its metric, when it completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metric: Option<Value>,
    /// What it left for the plugin after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<Value>,
    /// Why it failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it was not called, in a job that skips plugins which do not take its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// How many of its tries failed.
    #[serde(default)]
    pub failed_tries: u32,
    /// How long its last try took, in milliseconds.
    #[serde(default)]
    pub took_ms: u64,
    /// What it logged, when the job asks for `debug`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogLine>,
}

impl EndedPlugin {
    /// How it ended.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match (&self.skipped, &self.error) {
            (Some(_), _) => Stage::Skipped,
            (None, Some(_)) => Stage::Failed,
            (None, None) => Stage::Completed,
        }
    }
}

/// A line that a plugin logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// How important it is.
    pub level: Level,
    /// What it says.
    pub message: String,
}

/// How important a line of a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For its author.
    Debug,
    /// For the caller who looks.
    Info,
    /// Something is odd.
    Warn,
    /// Something failed.
    Error,
}
