//! The audit: `/api/audit`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One line: who did what to what, from where, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditLine {
    /// Its number. Rises by one from line to line; nothing is left out until retention removes the
    /// oldest.
    pub number: i64,
    /// When, ISO 8601 with milliseconds.
    pub at: String,
    /// Who.
    pub actor: AuditActor,
    /// From where: an address, `process` for the server's own process, or `command line`.
    pub from: String,
    /// What, such as `job.submit`; `request` for what is refused of a route without an action.
    pub action: String,
    /// To what.
    pub target: AuditTarget,
    /// `ok`; `refused`: it was not allowed; `failed`: it was allowed and did not come about.
    pub outcome: String,
    /// For people; empty when there is nothing to say.
    pub detail: String,
    /// How many requests this line stands for: 1, unless they were refused or failed.
    pub times: i64,
    /// SHA-256 over this line and the hash of the one before, in hexadecimal.
    pub hash: String,
}

/// Who acts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditActor {
    /// Id of a key; or `loopback`, `builtin`, `operator` (the command line on the data directory),
    /// `setup` (the holder of the setup token), `nobody` (no good key), `several`.
    pub id: String,
    /// Name of the key; left out without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What is acted on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditTarget {
    /// Such as `job`, `binary`, `key`, `hook`; `route` when it was refused or failed.
    pub kind: String,
    /// Which; of several runs the lowest id.
    pub id: String,
    /// The highest id; left out unless there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// How many there are; left out unless there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// `200` of `GET /api/audit/verify`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditVerified {
    /// Whether every line is there and as it was written.
    pub intact: bool,
    /// How many lines were verified.
    pub lines: i64,
    /// Number of the newest line that retention has removed; 0 when none was.
    pub removed: i64,
    /// Number of the newest line; 0 when there is none.
    pub newest: i64,
    /// Its hash in hexadecimal; empty when there is none. Kept elsewhere, it shows later that
    /// nothing up to this line was written again.
    pub hash: String,
    /// The first line that is not as it should be; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<AuditBroken>,
}

/// A line that is not as it should be.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditBroken {
    /// Its number.
    pub number: i64,
    /// What is wrong.
    pub reason: String,
}

/// The query of `GET /api/audit`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// In order, lines with a higher number; without it, newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Newest first, lines with a lower number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// Only of the key with this id or this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only this action; `*` at its end stands for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only acts on this id; of a run also those on several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Only `ok`, `refused` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Only from this time on, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Only before this time, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// At most so many lines (default 100, at most 1,000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}
