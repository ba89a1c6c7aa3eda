//! Keys: `/api/keys`, `/api/setup`, `/api/tickets`, `/api/join-tokens`, `/api/join`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// Body of `POST /api/keys`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NewKey {
    /// For people; of an executor's key the executor's name. `label` is taken as well.
    #[serde(alias = "label")]
    pub name: String,
    /// `admin`, `user`, `readonly`, `executor`, or `custom`, as without one: nothing but the listed scopes.
    #[serde(default = "custom")]
    #[schema(pattern = "^(admin|user|readonly|executor|custom)$")]
    pub role: String,
    /// Scopes beyond the role's, such as `hooks:write`; `*` is every scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The key is refused after so many days (1 to 3,650). Without it, it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<i64>,
    /// The key is refused from this time on, within 3,650 days; in place of `expires_in_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// How many requests a minute it may make. Without it as many as the server lets every key, and an
    /// executor's as many as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<i64>,
}

fn custom() -> String {
    "custom".to_owned()
}

/// A new key. This is the only time that it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    /// Names it; it is no secret.
    pub id: String,
    /// As it was given.
    pub name: String,
    /// As it was given.
    pub role: String,
    /// Everything that it allows.
    pub scopes: Vec<String>,
    /// The key: keep it, it is not shown again.
    pub key: String,
    /// When it stops being good, if ever.
    pub expires_at: Option<Timestamp>,
    /// Now.
    pub created_at: Timestamp,
}

/// Who asks: `GET /api/me`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The key's id; none without a key.
    pub id: Option<String>,
    /// The key's name; before there are keys `operator` or `loopback`.
    pub name: String,
    /// The key's role, if there is a key.
    pub role: Option<String>,
    /// Everything that is allowed.
    pub scopes: Vec<String>,
    /// When the key stops being good, if ever.
    pub expires_at: Option<Timestamp>,
}

/// A key as it is listed: without the key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyInfo {
    /// Names it.
    pub id: String,
    /// For people; of an executor's key the executor's name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// Everything that it allows.
    pub scopes: Vec<String>,
    /// What the key begins with.
    pub prefix: String,
    /// How many requests a minute it may make, if not as many as the server lets every key.
    pub requests_per_minute: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being good, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, if ever; up to a minute late.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The id of the key with which it was made, or the token with which its executor joined, if any.
    pub made_by: Option<String>,
}

/// A key that was revoked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RevokedKey {
    /// The key.
    #[serde(flatten)]
    pub key: KeyInfo,
    /// The ids of the live keys that were made with it, or with one of those: revoked too if that was asked for,
    /// and else as good as before.
    pub made: Vec<String>,
}

/// Parameters of `DELETE /api/keys/{id}`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct RevokeQuery {
    /// 1 revokes the keys that were made with it, too.
    #[serde(default)]
    pub cascade: u8,
}

/// Body of `POST /api/setup`, which makes the first key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Setup {
    /// What the server printed at its start.
    pub token: String,
    /// Name of the key, an admin's.
    pub name: String,
}

/// Body of `POST /api/join-tokens`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NewJoinToken {
    /// The token is refused after so many minutes (1 to 1,440, default 60).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_minutes: Option<i64>,
}

/// `201` of `POST /api/join-tokens`. This is the only time that it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JoinToken {
    /// The token, good for one executor.
    pub token: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Body of `POST /api/join`, which makes the key of an executor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Join {
    /// What an admin made for it.
    pub token: String,
    /// The executor's name.
    pub name: String,
}

/// `201` of `POST /api/tickets`: opens one WebSocket, as `?ticket=`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// The ticket, good for one use.
    pub ticket: String,
    /// Until when.
    pub expires_at: Timestamp,
}
