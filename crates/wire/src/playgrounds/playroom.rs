//! Docker hosts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::Timestamp;

/// A playroom: a Docker host that an executor reaches.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Playroom {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The name that executors register.
    pub key: String,
    /// `active`, `disabled`, or `error`: no executor reaches its Docker engine.
    pub status: String,
    /// Why there is an error.
    pub error_message: Option<String>,
    /// Where it is, for people.
    pub host: Option<String>,
    /// The port of its router.
    pub port: Option<u16>,
    /// Who logs in there, for people.
    pub user: Option<String>,
    /// Always false.
    pub tutorial: bool,
    /// Its domains; the first is the root domain.
    pub domains: Vec<String>,
    /// The address that is given to an ACME server.
    pub acme_email: Option<String>,
    /// Always `null`: executors reach the engine themselves.
    pub ssh_public_key: Option<String>,
    /// The executors that reach it.
    pub executors: Vec<String>,
    /// Version of the engine.
    pub engine_version: Option<String>,
    /// Version of the compose tool.
    pub compose_version: Option<String>,
    /// Such as `linux/amd64`.
    pub platform: Option<String>,
    /// How many playgrounds are there.
    pub playground_count: i64,
    /// What it allows beyond the default policy.
    #[schema(value_type = Object)]
    pub policy: Value,
    /// Limits of services that set none.
    #[schema(value_type = Object)]
    pub limits: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Body of `POST /api/playrooms`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewPlayroomBody {
    /// The playroom.
    #[serde(alias = "marquee")]
    pub playroom: PlayroomChange,
}

/// Body of `PATCH /api/playrooms/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangePlayroom {
    /// What is changed.
    #[serde(alias = "marquee")]
    pub playroom: PlayroomChange,
}

/// What of a playroom is set; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PlayroomChange {
    /// Its name. That of a new one is also the name that an executor registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `active` or `disabled`: no playground is made there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Where it is, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Who logs in there, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its domains, separated by commas; the first is the root domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domains_input: Option<String>,
    /// The address that is given to an ACME server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acme_email: Option<String>,
    /// What it allows beyond the default policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub policy: Option<Value>,
    /// Limits of services that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub limits: Option<Value>,
}

/// `200` of `POST /api/playrooms/{id}/test_connection`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct TestedConnection {
    /// Whether every check succeeded.
    pub success: bool,
    /// `executor`, `docker` and `directories`.
    pub checks: BTreeMap<String, CheckResult>,
}

/// What a check came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CheckResult {
    /// Whether it succeeded.
    pub success: bool,
    /// For people.
    pub message: String,
    /// More of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub details: Option<Value>,
}
