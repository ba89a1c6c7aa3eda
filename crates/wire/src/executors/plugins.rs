//! What an executor keeps of plugin jobs: the body of a part is what a plugin left, and the state goes on
//! from one plugin to the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Stage;
use crate::JsonText;

/// What a plugin left: it completed, unless it says why it failed or was skipped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EndedPlugin {
    /// Its metric, when it completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metric: Option<JsonText>,
    /// Why it failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it was not called, in a job that skips plugins which do not take its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
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

/// The state of a plugin job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PluginState {
    /// What the last plugin that completed left for the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<JsonText>,
    /// The job's key-value store.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub storage: BTreeMap<String, JsonText>,
    /// Summaries by plugin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub summary: BTreeMap<String, JsonText>,
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
