//! Playgrounds as they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Timestamp,
    executors::operations::{OperationFailure, ServiceState, ServiceUrl},
};

/// A playground in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlaygroundSummary {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `pending`, `in_progress`, `running`, `error`, `has_changes`, `completed`, `stopping`, `stopped` or
    /// `destroying`.
    pub status: String,
    /// Whether it runs until its watched services exit.
    pub job_mode: bool,
    /// Its playspec.
    pub playspec_id: i64,
    /// That playspec's name.
    pub playspec_name: String,
    /// Its playroom.
    pub playroom_id: i64,
    /// The branches of services that have one set.
    pub service_branches: BTreeMap<String, BranchOfService>,
    /// When its time is over; `null` when it never expires.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// The branch of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchOfService {
    /// Its name.
    pub branch_name: String,
}

/// A playground.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Playground {
    /// What lists have of it.
    #[serde(flatten)]
    pub summary: PlaygroundSummary,
    /// Its Compose project.
    pub compose_project: String,
    /// Its playroom's name.
    pub playroom_name: String,
    /// The environment of all services. Values that look secret are masked unless the key has the scope
    /// `playgrounds:reveal`.
    pub env_overrides: BTreeMap<String, String>,
    /// Seconds until its time is over; `null` when it never expires.
    pub time_remaining: Option<f64>,
    /// How much of its time has passed, 0 to 100; `null` when it never expires.
    pub expiration_percentage: Option<u8>,
    /// When something was applied last.
    pub last_applied_at: Option<Timestamp>,
    /// Whether what runs is older than what is wanted.
    pub needs_recreation: bool,
    /// Its services as they were seen last.
    pub services: Vec<ServiceState>,
    /// Where its services are reached.
    pub service_urls: Vec<ServiceUrlState>,
    /// Seconds without a request after which it sleeps until the next one; 0 for never.
    pub sleep_after_seconds: u32,
    /// Why the last operation failed, or what is wrong now.
    pub error_message: Option<String>,
    /// The same in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_details: Option<OperationFailure>,
    /// The number of the revision that runs.
    pub revision: Option<i64>,
    /// The run of the last operation.
    pub operation_id: String,
    /// What that does or did: `create`, `rollout`, `hard_restart`, `stop`, `start`, `rollback`, `complete` or
    /// `destroy`.
    pub operation: String,
    /// Of job mode: `success` or `failure`, once it completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_status: Option<String>,
    /// The password of `playground` for internal services; only with the scope `playgrounds:reveal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_password: Option<String>,
}

/// Where a service is reached, and how it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceUrlState {
    /// Where.
    #[serde(flatten)]
    pub url: ServiceUrl,
    /// Docker's word for its state.
    pub status: String,
    /// Its health; `null` without a health check.
    pub health: Option<String>,
    /// Whether it runs.
    pub running: bool,
}

/// `200` of `GET /api/playgrounds/{id}/status`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlaygroundState {
    /// Its id.
    pub id: i64,
    /// As in lists.
    pub status: String,
    /// Whether it runs until its watched services exit.
    pub job_mode: bool,
    /// The phase of the last operation that began last; `completed` after all.
    pub creation_step: Option<String>,
    /// What people call it.
    pub creation_step_label: Option<String>,
    /// Why the last operation failed, or what is wrong now.
    pub error_message: Option<String>,
    /// The phase in which it failed.
    pub error_step: Option<String>,
    /// What people call that.
    pub error_step_label: Option<String>,
    /// Whether what runs is older than what is wanted.
    pub needs_recreation: bool,
    /// Its services as they were seen last.
    pub services: Vec<ServiceState>,
    /// Each phase of the last operation.
    pub creation_steps: Vec<super::PhaseView>,
    /// Why it failed, in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_details: Option<OperationFailure>,
    /// Where its services are reached.
    pub service_urls: Vec<ServiceUrlState>,
    /// When its time is over; `null` when it never expires.
    pub expires_at: Option<Timestamp>,
    /// Why operations have to wait for more than their turn, and what is known of the services may be old; or
    /// that it sleeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<String>,
    /// Its place in the line of operations that wait for an executor, from 1; left out when it does not wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<i64>,
}

/// The query of `GET /api/playgrounds`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlaygroundQuery {
    /// Only with this text in the name.
    pub q: Option<String>,
    /// Only with these statuses, separated by commas.
    pub status: Option<String>,
    /// Only in job mode, or only not.
    pub job_mode: Option<bool>,
    /// Only of this playspec.
    pub playspec_id: Option<i64>,
    /// Only in this playroom.
    #[serde(alias = "marquee_id")]
    pub playroom_id: Option<i64>,
    /// Only with this name.
    pub name: Option<String>,
    /// Only made at this time or later, ISO 8601.
    pub created_after: Option<String>,
    /// Only made before this time, ISO 8601.
    pub created_before: Option<String>,
    /// `created_at`, `name` or `expires_at`, with `-` before it for the reverse order [default: -created_at].
    pub sort: Option<String>,
    /// The page, from 1; the answer is `{data, meta}` then.
    pub page: Option<i64>,
    /// How many there are on a page, 1 to 100 [default: 25]; the answer is `{data, meta}` then.
    pub per_page: Option<i64>,
}

/// A list: bare, or with pages when the query has `page` or `per_page`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Listed<T> {
    /// All of it.
    Bare(Vec<T>),
    /// One page of it.
    Page(PageOf<T>),
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PageOf<T> {
    /// What is on the page.
    pub data: Vec<T>,
    /// Which page it is.
    pub meta: PageMeta,
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageMeta {
    /// The page, from 1.
    pub page: i64,
    /// How many there are on a page.
    pub per_page: i64,
    /// How many there are on all pages.
    pub total: i64,
}
