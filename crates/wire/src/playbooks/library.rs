//! Playbooks that are written, and what they were.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::PlaybookDetails;
use crate::Timestamp;

/// Body of `PUT /api/playbooks/{path}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WritePlaybook {
    /// The text of the playbook.
    #[serde(alias = "yaml_content")]
    pub content: String,
}

/// `200` of `DELETE /api/playbooks/{path}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeletedPlaybook {
    /// Always `success`.
    pub status: String,
    /// For people.
    pub message: String,
    /// Where it was.
    pub path: String,
}

/// `200` of `GET /api/playbooks/{path}/revisions`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaybookRevisions {
    /// Where the playbook is in the library, or was.
    pub path: String,
    /// Its revisions, newest first.
    pub revisions: Vec<PlaybookRevision>,
}

/// A text that a playbook had.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlaybookRevision {
    /// SHA-256 of the text.
    pub revision: String,
    /// Since when it was the newest one, the last time that it was.
    pub seen_at: Timestamp,
    /// Whether the file has it now.
    pub current: bool,
}

/// `200` of `GET /api/playbooks/{path}/diff`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaybookDiff {
    /// Where the playbook is in the library.
    pub path: String,
    /// The old revision.
    pub from: String,
    /// The new revision.
    pub to: String,
    /// A unified diff; empty when both are the same.
    pub diff: String,
}

/// `200` of `GET /api/playbooks/{path}/export`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PlaybookText {
    /// What it is called.
    pub name: String,
    /// Where it is in the library.
    pub path: String,
    /// Its version, as its author wrote it.
    pub version: String,
    /// What it does.
    pub description: String,
    /// What it is about.
    pub domain: Option<String>,
    /// What its author noted, in any form.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// SHA-256 of the text.
    pub revision: String,
    /// The text.
    pub yaml_content: String,
}

/// Body of `PUT /api/playbooks/update`, as clients of the original send it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UpdatePlaybook {
    /// Which playbook.
    pub playbook_path: String,
    /// Its new text.
    #[serde(alias = "content")]
    pub yaml_content: String,
}

/// Body of `PATCH /api/playbooks/metadata`, as clients of the original send it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RenamePlaybook {
    /// Which playbook.
    pub playbook_path: String,
    /// What it is to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is to be described as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// `200` of `PUT /api/playbooks/update` and `PATCH /api/playbooks/metadata`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UpdatedPlaybook {
    /// Always `success`.
    pub status: String,
    /// Which playbook.
    pub playbook_path: String,
    /// What it is called now.
    pub name: String,
    /// What it does.
    pub description: String,
    /// SHA-256 of its text.
    pub revision: String,
    /// For people.
    pub message: String,
}

/// Body of `POST /api/playbooks/create` and `/import`, as clients of the original send it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportPlaybook {
    /// What its file is named after.
    pub name: String,
    /// The folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The text.
    #[serde(alias = "content")]
    pub yaml_content: String,
    /// Whether a file that is there is replaced.
    #[serde(default)]
    pub overwrite: bool,
}

/// `200` of `POST /api/playbooks/create` and `/import`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportedPlaybook {
    /// Always `success`.
    pub status: String,
    /// For people.
    pub message: String,
    /// Where it is.
    pub path: String,
    /// The playbook.
    pub playbook: PlaybookDetails,
}

/// `200` of `POST /api/playbooks/{path}/verify` and the like.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MarkedPlaybook {
    /// Always `success`.
    pub status: String,
    /// Which playbook.
    pub playbook_path: String,
    /// Whether it is verified.
    pub verified: bool,
    /// Since when.
    pub verified_at: Option<Timestamp>,
    /// Whether it can be started.
    pub enabled: bool,
    /// For people.
    pub message: String,
}
