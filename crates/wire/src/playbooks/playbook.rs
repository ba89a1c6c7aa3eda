//! Playbooks of the library.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::Timestamp;

/// `200` of `GET /api/playbooks`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaybookList {
    /// Every playbook that can be read, by path.
    pub playbooks: Vec<PlaybookSummary>,
    /// Addition: the files that cannot be read, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<PlaybookProblem>,
}

/// A playbook in the list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaybookSummary {
    /// What it is called.
    pub name: String,
    /// Where it is in the library, with `/` between folders.
    pub path: String,
    /// What it is about, such as `gateway`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What it does.
    pub description: String,
    /// Its version, as its author wrote it.
    pub version: String,
    /// Addition: the section of the list that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Addition: whether its file says that it is verified, or somebody marked it so since.
    #[serde(default)]
    pub verified: bool,
    /// Addition: when it was marked so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// Addition: whether it may be started.
    pub enabled: bool,
    /// Addition: how many parameters it has.
    pub parameter_count: usize,
    /// Addition: how many steps it has at the top level.
    pub step_count: usize,
    /// Addition: its parameters.
    pub parameters: Vec<PlaybookParameter>,
    /// Addition: its steps.
    pub steps: Vec<PlaybookStep>,
    /// Addition: the hash of its text, which names its revision.
    pub revision: String,
    /// Addition: when the file was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Timestamp>,
}

/// `200` of `GET /api/playbooks/{path}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaybookDetails {
    /// What the list has of it.
    #[serde(flatten)]
    pub summary: PlaybookSummary,
    /// Addition: what its author noted, in any form.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// Addition: what may be wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<PlaybookProblem>,
}

/// A parameter of a playbook.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaybookParameter {
    /// Its name.
    pub name: String,
    /// `string`, `integer`, `float`, `boolean`, `file`, `credential`, `list`, `dict` or `secret`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it must be given when it has no default.
    pub required: bool,
    /// Addition: its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub default: Option<Value>,
    /// What it is for.
    pub description: String,
}

/// A step of a playbook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaybookStep {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it does, such as `http.request`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Addition: how long one try may take, in seconds.
    pub timeout: f64,
    /// Addition: how often it is tried again.
    pub retry_count: u32,
}

/// Something that is wrong with a playbook, or may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaybookProblem {
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it is.
    pub message: String,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// Body of `POST /api/playbooks/duplicate`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DuplicatePlaybook {
    /// Which playbook.
    #[serde(alias = "playbook_path")]
    pub source_path: String,
    /// What the copy is called; its file is named after that.
    pub new_name: String,
}

/// `200` of `POST /api/playbooks/duplicate`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Duplicated {
    /// For people.
    pub message: String,
    /// Where the copy is.
    pub new_path: String,
}

/// Body of `POST /api/playbooks/validate`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ValidatePlaybook {
    /// The text of the playbook.
    #[serde(alias = "yaml_content")]
    pub content: String,
}

/// `200` of `POST /api/playbooks/validate`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Validated {
    /// Whether it can be started.
    pub valid: bool,
    /// Why not.
    pub errors: Vec<PlaybookProblem>,
    /// What may be wrong all the same.
    pub warnings: Vec<PlaybookProblem>,
}

/// `200` and `503` of `GET /api/health`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PlaybooksHealth)]
pub struct Health {
    /// `healthy` or `unhealthy`.
    pub status: String,
    /// The server's version.
    pub version: String,
    /// How long the server runs.
    pub uptime_seconds: i64,
}
