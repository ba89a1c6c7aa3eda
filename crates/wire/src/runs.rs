//! Runs of every kind: `/api/runs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{TimestampMs, executors::Stage};

/// A run in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// `job`, `plugin_job`, `execution` or `operation`.
    pub kind: String,
    /// What its contract calls it: a job's type.
    pub name: String,
    /// `held`, `scheduled`, `queued`, `running`, `waiting`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// The word of its contract for the status.
    pub contract_status: String,
    /// What it waits for: `operator` (it is paused), `approval`, `time`, `child` or `children`; left out
    /// unless it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// `foreground`, `background` or `best_effort`.
    pub priority: String,
    /// What its submitter calls it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The run that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The executor that performs it, or performed it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor: Option<String>,
    /// The number of its newest attempt; 0 before the first.
    pub attempt: i64,
    /// When it was submitted.
    pub submitted_at: TimestampMs,
    /// When its newest attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<TimestampMs>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<TimestampMs>,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunDetails {
    /// What lists have of it.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// Its path in its contract; left out while its contract has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What can be asked of it now: `pause`, `resume`, `skip`, `cancel`, `retry`.
    pub controls: Vec<String>,
    /// The signals that are open.
    pub signals: RunSignals,
    /// How long it waits; left out unless it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<RunWait>,
    /// When a scheduled run becomes ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<TimestampMs>,
    /// How many attempts may be lost or fail.
    pub max_attempts: i64,
    /// How many were lost or failed since it was submitted or retried.
    pub failure_count: i64,
    /// Its attempts, oldest first.
    pub attempts: Vec<RunAttempt>,
    /// How many of its parts are at each stage: `started`, `completed`, `failed`, `skipped`, `cancelled`,
    /// `interrupted`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, i64>,
    /// The exit code that its newest attempt reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What operators have asked of a run. Of each wish that is open, the generation at which it was asked for;
/// 0 when it is not open.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunSignals {
    /// The newest generation.
    pub generation: i64,
    /// The run is to pause.
    pub pause: i64,
    /// A part is to be skipped.
    pub skip: i64,
    /// The run is to stop.
    pub cancel: i64,
}

/// How long a run waits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunWait {
    /// As in lists.
    #[serde(rename = "for")]
    pub reason: String,
    /// When the wait is over; left out when it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<TimestampMs>,
    /// What happens then: `resume`, `fail` or `cancel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
}

/// One start of a run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunAttempt {
    /// From 1.
    pub number: i64,
    /// The executor.
    pub executor: String,
    /// `running`, or how it ended.
    pub status: String,
    /// When it started.
    pub started_at: TimestampMs,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<TimestampMs>,
    /// Why it did not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The query of `GET /api/runs`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// Only these kinds, separated by commas.
    pub kind: Option<String>,
    /// Only these statuses, separated by commas.
    pub status: Option<String>,
    /// Only this name.
    pub name: Option<String>,
    /// Only with all these labels, each `name=value`. The parameter may be repeated, so it is read by hand.
    #[serde(skip)]
    pub label: Vec<String>,
    /// Only with this text, in any case, in the name or in a label (`name=value`), or at the beginning of
    /// the id. Of a text that at least eight characters of an id begin with, only the runs with that id.
    pub text: Option<String>,
    /// Only children of this run.
    pub parent: Option<String>,
    /// Only submitted at this time or later, ISO 8601.
    pub since: Option<String>,
    /// Only submitted before this time, ISO 8601.
    pub until: Option<String>,
    /// Only runs that are older than the one with this id: where the page before ended.
    pub cursor: Option<String>,
    /// At most so many (default 100, at most 1,000).
    pub limit: Option<i64>,
}

impl RunQuery {
    /// The parameters by their names.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, Option<String>)> {
        let labels = self.label.iter();
        let labels = labels.map(|label| ("label", Some(label.clone())));
        let others = [
            ("kind", self.kind.clone()),
            ("status", self.status.clone()),
            ("name", self.name.clone()),
            ("text", self.text.clone()),
            ("parent", self.parent.clone()),
            ("since", self.since.clone()),
            ("until", self.until.clone()),
            ("cursor", self.cursor.clone()),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ];
        labels.chain(others).collect()
    }
}

/// A named piece of a run's work: a plugin of a plugin job, a step of an execution.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunPart {
    /// Its number within the run, from 1.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// The path of the part that it is nested in; empty at the top.
    pub path: String,
    /// Where it stands.
    pub stage: Stage,
    /// The attempt in which it ran.
    pub attempt: i64,
    /// How often it was tried.
    pub tries: i64,
    /// When it began.
    pub started_at: TimestampMs,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<TimestampMs>,
    /// What belongs to it, as its kind writes it.
    pub body: serde_json::Value,
}
