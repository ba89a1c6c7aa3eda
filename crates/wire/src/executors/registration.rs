//! What an executor can do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `PUT /api/executors/{executor}`: what this executor can do. Sent at its start,
/// whenever that changes, and after the server has forgotten it (a lost database). At most 1 MiB.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Registration {
    /// How many runs it performs at once.
    pub slots: u32,
    /// Version of the program.
    pub version: String,
    /// `none`, `standard` or `strict`.
    pub isolation: String,
    /// Which parts of the isolation could not be applied on its machine, and why.
    #[serde(default)]
    pub isolation_missing: Vec<String>,
    /// The address that it gives.
    #[serde(default)]
    pub executor_ip: String,
    /// The kinds of runs that it performs, such as `job` and `plugin_job`; none says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// What jobs may require of it, at most 64. Names and values are 1 to 64 letters, digits, `-`, `_`, `.` and `/`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Processor cores that it offers to jobs that count some; without it, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Memory in mebibytes that it offers to jobs that count some; without it, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    /// Its plugins, at most 256, each name once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<PluginInfo>,
    /// The playrooms whose Docker engines it reaches, at most 16, each name once. It performs the operations
    /// of those without an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub playrooms: Vec<PlayroomInfo>,
    /// Why it claims nothing, while it cannot work: what is wrong with its machine. It tries again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<String>,
}

/// A Docker host as an executor reaches it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlayroomInfo {
    /// 1 to 64 letters, digits, `-`, `_` and `.`; `local` for the one of the server's own machine. A playroom
    /// that the server does not know yet is made.
    pub name: String,
    /// Docker's id of the engine. A playroom has one engine: while an executor that was heard of lately has it
    /// with another one, the registration is stored with an error here.
    pub engine_id: String,
    /// Version of the engine.
    pub engine_version: String,
    /// Version of the compose tool.
    pub compose_version: String,
    /// Such as `linux/amd64`.
    pub platform: String,
    /// How its services are reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<RouterInfo>,
    /// Why it cannot be used now, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The router beside a Docker host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RouterInfo {
    /// `http` or `https`.
    pub scheme: String,
    /// The port of its addresses.
    pub port: u16,
    /// What stands after subdomains, where the playroom has no domain of its own.
    pub root_domain: String,
}

/// A plugin as an executor has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginInfo {
    /// 1 to 64 letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Its own version.
    #[serde(default)]
    pub version: String,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// Its place among plugins of a job that names none: lower is earlier; then by name.
    #[serde(default)]
    pub order: i64,
    /// A disabled plugin runs in jobs that name it only.
    #[serde(default)]
    pub enabled: bool,
    /// Where it runs; left out for a broken one of which that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<PluginHost>,
    /// The fields of its metric.
    #[serde(default)]
    pub metrics: Vec<MetricInfo>,
    /// JSON Schema of the inputs that it takes, at most 64 KiB; without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<serde_json::Value>,
    /// Why it cannot be run: it is broken. Such a plugin is in no job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PluginHost {
    /// A component inside the executor.
    Wasm,
    /// A program of its own.
    Process,
}

/// One field of a plugin's metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MetricInfo {
    /// The field.
    pub name: String,
    /// What it is counted in, such as `ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which values are better, if any are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

/// Which values of a metric are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Lower ones.
    Lower,
    /// Higher ones.
    Higher,
}
