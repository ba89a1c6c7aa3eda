//! What clients of the system that the contract comes from ask beside it, in the forms that they read.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// `200` of `GET /api/playbooks/step-types`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct StepTypeList {
    /// Every step type.
    pub step_types: Vec<StepTypeInfo>,
    /// The parts of their names before the dot.
    pub domains: Vec<String>,
}

/// A step type.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct StepTypeInfo {
    /// Its name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The part of it before the dot.
    pub domain: String,
    /// What it does.
    pub description: String,
    /// What it takes.
    pub parameters: Vec<StepParameterInfo>,
}

/// A parameter of a step type.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct StepParameterInfo {
    /// Its name.
    pub name: String,
    /// What it may be.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it is without.
    #[schema(value_type = Value)]
    pub default: Option<Value>,
    /// What it is for.
    pub description: String,
    /// What it may be, of few.
    pub options: Vec<String>,
}

/// Body of `POST /api/executions/{id}/browser/click`: a place in the page's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClickBrowser {
    /// CSS pixels from the left.
    pub x: f64,
    /// CSS pixels from the top.
    pub y: f64,
}

/// `200` of `POST /api/executions/{id}/browser/click`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ClickedBrowser {
    /// `success`.
    pub status: String,
    /// For people.
    pub message: String,
    /// The execution.
    pub execution_id: String,
    /// Where.
    pub coordinates: ClickBrowser,
}

/// `200` and `503` of `GET /health`, `/health/ready` and `/health/detailed`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ReadyHealth {
    /// `healthy` or `unhealthy`.
    pub status: String,
    /// Whether it may be sent requests.
    pub ready: bool,
    /// The server's version.
    pub version: String,
    /// How long the server runs.
    pub uptime_seconds: i64,
    /// Why not.
    pub errors: Vec<String>,
    /// Always empty.
    pub warnings: Vec<String>,
}

/// `200` of `GET /health/live`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LiveHealth {
    /// Always `alive`.
    pub status: String,
}

/// `200` of `GET /api/config`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ServerConfig {
    /// The server's version.
    pub version: String,
    /// What it can do beside the contract.
    pub features: ServerFeatures,
    /// Always `null`: a key is shown to the socket as to every route.
    pub websocket_api_key: Option<String>,
}

/// What a server can do beside the contract.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ServerFeatures {
    /// Always false.
    pub ai_enabled: bool,
    /// Whether steps can drive a browser.
    pub browser_automation: bool,
    /// Always false.
    pub designer_automation: bool,
}

/// `200` of `GET /api/logs` and `GET /api/logs/execution/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LogList {
    /// What happened, oldest first.
    pub logs: Vec<LogEntry>,
    /// How many there are.
    pub total: usize,
    /// How many of them are listed.
    pub filtered: usize,
}

/// Something that happened to an execution.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// When.
    #[schema(value_type = String)]
    pub timestamp: String,
    /// `INFO`, or `ERROR` of what failed.
    pub level: String,
    /// Always `execution`.
    pub logger: String,
    /// What.
    pub message: String,
    /// The execution.
    pub execution_id: String,
}

/// `200` of `GET /api/executions/{id}/playbook/code`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ExecutionCode {
    /// The execution.
    pub execution_id: String,
    /// The path of its playbook.
    pub playbook_path: String,
    /// What its playbook is called.
    pub playbook_name: String,
    /// The text with which it was started.
    pub code: String,
}

/// `200` of `POST /api/executions/{id}/debug/enable` and `/disable`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DebugMode {
    /// Always `success`.
    pub status: String,
    /// The execution.
    pub execution_id: String,
    /// Whether it pauses after each step when it goes on.
    pub debug_mode: bool,
    /// For people.
    pub message: String,
}
