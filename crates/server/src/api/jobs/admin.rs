//! Counts and executors.

use std::collections::BTreeMap;

use axum::extract::State;
use engine::{Kind, Priority};
use wire::{
    Timestamp,
    jobs::{ErrorBody, ExecutorInfo, Stats},
};

use super::view;
use crate::{app::App, refusal::Refusal};

const STATUSES: [&str; 5] = ["pending", "running", "completed", "failed", "cancelled"];

/// Counts of the whole system.
#[utoipa::path(get, path = "/api/v1/admin/stats", tag = "admin",
    responses((status = 200, description = "Counts", body = Stats),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn stats(State(app): State<App>) -> Result<axum::Json<Stats>, Refusal> {
    let since = app.active_since();
    let (counts, active_executors) = app
        .store
        .read(move |read| {
            Ok((
                store::runs::counts(read)?,
                store::executors::count(read, since)?,
            ))
        })
        .await?;
    let mut jobs_by_status: BTreeMap<String, i64> = STATUSES
        .iter()
        .map(|status| ((*status).to_owned(), 0))
        .collect();
    let mut pending_by_priority: BTreeMap<String, i64> = Priority::ALL
        .iter()
        .map(|priority| (priority.to_string(), 0))
        .collect();
    for (_, state, priority, n) in counts.into_iter().filter(|(kind, ..)| *kind == Kind::Job) {
        let status = view::status(state);
        *jobs_by_status.entry(status.to_owned()).or_default() += n;
        if status == "pending" {
            *pending_by_priority.entry(priority.to_string()).or_default() += n;
        }
    }
    Ok(axum::Json(Stats {
        jobs_by_status,
        pending_by_priority,
        active_executors,
    }))
}

/// Executors that were heard of lately, idle ones too.
#[utoipa::path(get, path = "/api/v1/admin/executors", tag = "admin",
    responses((status = 200, description = "By name", body = Vec<ExecutorInfo>),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn executors(
    State(app): State<App>,
) -> Result<axum::Json<Vec<ExecutorInfo>>, Refusal> {
    let since = app.active_since();
    let executors = app
        .store
        .read(move |read| store::executors::list(read, since))
        .await?;
    Ok(axum::Json(executors.into_iter().map(info).collect()))
}

fn info(executor: store::executors::Executor) -> ExecutorInfo {
    let current = executor.holds.first();
    ExecutorInfo {
        executor_id: executor.name,
        current_job_id: current.map(|(id, _)| id.to_string()),
        job_type: current.map(|(_, name)| name.clone()),
        last_heartbeat: Timestamp(executor.seen_at),
        jobs_completed: executor.completed,
        current_job_ids: executor
            .holds
            .iter()
            .map(|(id, _)| id.to_string())
            .collect(),
        executor_ip: executor.ip,
        // What an older program registered may not be understood any more.
        registration: executor
            .registration
            .and_then(|bytes| serde_json::from_slice(&bytes).ok()),
    }
}
