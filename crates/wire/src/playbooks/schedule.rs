//! Schedules: what starts a playbook by the clock (`/api/schedules`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Timestamp;

/// What happens when its time has come and the execution before has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The time is left out.
    #[default]
    Skip,
    /// The time waits until the execution has ended; of many that wait the newest hundred are kept.
    Queue,
    /// The execution is cancelled, and the next one starts when it has ended.
    CancelRunning,
}

/// What happens to times that passed while no server was running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are left out.
    None,
    /// The last one is made up for.
    #[default]
    Last,
    /// All are made up for, the newest hundred at most, oldest first.
    All,
}

/// Body of `POST /api/schedules` and of `PUT /api/schedules/{id}`. Either `cron` or `every` says when.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NewSchedule {
    /// For people.
    #[schema(max_length = 255)]
    pub name: String,
    /// Which playbook of the library.
    pub playbook_path: String,
    /// Five fields: minute, hour, day of month, month, day of week; or a word such as `@daily`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "30 2 * * 1-5")]
    pub cron: Option<String>,
    /// Seconds from one time to the next, at least 1. The first time is that long after the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<i64>,
    /// The IANA time zone of `cron`; `UTC` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    /// As clients of the original say it: `cron`, `interval`, `daily`, `weekly` or `monthly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_type: Option<String>,
    /// What belongs to `schedule_type`: `expression`; `minutes`; `time`; `time` and `day_of_week`; `time` and `day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub schedule_config: Option<Map<String, Value>>,
    /// `skip` without it.
    #[serde(default)]
    pub overlap: Option<Overlap>,
    /// `last` without it.
    #[serde(default)]
    pub catch_up: Option<CatchUp>,
    /// Values of the playbook's parameters.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: Option<Map<String, Value>>,
    /// As in a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_url: Option<String>,
    /// As in a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// As in a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_overrides: Option<BTreeMap<String, f64>>,
    /// Labels of the executions, beside `schedule` and `scheduled_for`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Whether it starts anything; true without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Body of `PATCH /api/schedules/{id}`: what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleChange {
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook_path: Option<String>,
    /// See [`NewSchedule`]; replaces `every`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// See [`NewSchedule`]; replaces `cron`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<i64>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<CatchUp>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Map<String, Value>>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_url: Option<String>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_overrides: Option<BTreeMap<String, f64>>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// See [`NewSchedule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A schedule.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// A UUID.
    pub id: String,
    /// For people.
    pub name: String,
    /// Which playbook of the library.
    pub playbook_path: String,
    /// The five fields; left out of one with `every`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The time zone of `cron`; left out of one with `every`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Seconds from one time to the next; left out of one with `cron`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<i64>,
    /// What happens when the execution before has not ended.
    pub overlap: Overlap,
    /// What happens to times that passed while no server was running.
    pub catch_up: CatchUp,
    /// Values of the playbook's parameters.
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    /// As in a start.
    pub gateway_url: Option<String>,
    /// As in a start.
    pub credential_name: Option<String>,
    /// As in a start.
    pub timeout_overrides: BTreeMap<String, f64>,
    /// Labels of the executions.
    pub labels: BTreeMap<String, String>,
    /// Whether it starts anything.
    pub enabled: bool,
    /// Why it starts nothing; `null` while it is enabled.
    pub disabled_reason: Option<String>,
    /// The name of the key in whose name it starts executions.
    pub owner: String,
    /// When it starts the next one; `null` while it is disabled.
    pub next_run_at: Option<Timestamp>,
    /// The next five times.
    pub next_runs: Vec<Timestamp>,
    /// When it started the last one.
    pub last_run_at: Option<Timestamp>,
    /// The execution that it started last.
    pub last_execution_id: Option<String>,
    /// The last time that was left out because an execution had not ended.
    pub last_skipped_at: Option<Timestamp>,
    /// Why nothing could be started when its time came; `null` once something was.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// `200` of `GET /api/schedules`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ScheduleList {
    /// All schedules, oldest first.
    pub schedules: Vec<Schedule>,
}

/// `200` of `DELETE /api/schedules/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeletedSchedule {
    /// For people.
    pub message: String,
    /// The schedule that was deleted.
    pub id: String,
}

/// `200` of `GET /api/schedules/{id}/history`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ScheduleHistory {
    /// What it started, newest first.
    pub executions: Vec<ScheduledExecution>,
}

/// An execution that a schedule started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduledExecution {
    /// The execution.
    pub execution_id: String,
    /// What its playbook is called.
    pub playbook_name: String,
    /// As executions show it.
    pub status: String,
    /// The time that it was started for; `null` when somebody started it by hand.
    pub scheduled_for: Option<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}
