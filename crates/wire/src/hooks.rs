//! Webhooks: hooks, their deliveries, and what is delivered (`/api/hooks`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// The body of a delivery.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Payload {
    /// What happened, such as `job.completed`.
    pub event: String,
    /// What belongs to it: as in the event log, with `run_id`, `seq` and `kind`.
    pub data: serde_json::Value,
    /// When it happened, ISO 8601 with milliseconds.
    pub timestamp: String,
}

/// Body of `POST /api/hooks`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NewHook {
    /// Where to: an `http` or `https` URL without user and password.
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
    /// Which event types; each `*` in one stands for anything. Without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `whsec_` and 24 to 64 bytes in base64. Without it one is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Body of `PATCH /api/hooks/{id}`: what is left out stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct HookChange {
    /// Where to. That of a job's own hook cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Which event types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A new secret; the next attempt is signed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Disabled, nothing is sent and what was not delivered fails. Enabled again, it begins with the
    /// next event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A hook.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Hook {
    /// A UUID; for a job's own `webhook` the job's id.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Which event types.
    pub events: Vec<String>,
    /// What it is for.
    pub description: String,
    /// Whether anything is sent.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing is sent; left out while it is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
    /// Why nothing is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// Attempts that failed since the last that succeeded.
    pub failures: i64,
    /// When the first of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Until when nothing is sent, because its receiver asked for it with `Retry-After`; left out while nothing is
    /// held back. A test that succeeds, or `enabled: true`, ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<Timestamp>,
}

/// `201` of `POST /api/hooks`: the only answer that shows the secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CreatedHook {
    /// The hook.
    #[serde(flatten)]
    pub hook: Hook,
    /// What deliveries are signed with.
    pub secret: String,
}

/// One delivery to a hook.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Its number at its hook, from 1.
    pub id: i64,
    /// The header `webhook-id`, the same at each attempt.
    pub webhook_id: String,
    /// What happened.
    pub event: String,
    /// The run; left out when it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Number of the event; left out for a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// How often it was begun to be sent.
    pub attempts: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is sent next; left out while it waits for an earlier one of its run, is being sent,
    /// or has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Status of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_status: Option<i64>,
    /// The beginning of the last answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The hook of one job, in its submit: an object, or just the URL.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "webhook must be a URL or an object with a `url` and, if given, `headers` of strings, \
                 a whole number of `retries`, a list `on` and a `secret`"
)]
pub enum JobHook {
    /// Every event, unsigned.
    Url(String),
    /// With more to say.
    Full(#[serde(deserialize_with = "crate::shape::whole")] FullJobHook),
}

/// The hook of one job.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct FullJobHook {
    /// Where to: an `http` or `https` URL without user and password.
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
    /// Sent with every delivery.
    #[serde(
        default,
        deserialize_with = "crate::shape::unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub headers: Option<BTreeMap<String, String>>,
    /// How often a delivery is sent again after a failure, 0 to 100. Without it, for 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// `started`, `progress`, `completed`, `failed`, `cancelled`; without it, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<String>>,
    /// `whsec_` and 24 to 64 bytes in base64; without it deliveries are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
