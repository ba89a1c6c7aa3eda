//! Plugins as the server knows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::executors::{MetricInfo, PluginHost};

/// One item of `GET /playground/plugins`, an addition: a plugin that an executor has registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// What it does.
    pub description: String,
    /// Its place among plugins of a job that names none.
    pub order: i64,
    /// A disabled plugin runs in jobs that name it only.
    pub enabled: bool,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<PluginHost>,
    /// The fields of its metric.
    pub metrics: Vec<MetricInfo>,
    /// JSON Schema of the inputs that it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<serde_json::Value>,
    /// Why it is in no job: it is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The executors that have it, by name.
    pub executors: Vec<String>,
}
