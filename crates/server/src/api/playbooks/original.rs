//! What clients of the system that the contract comes from ask beside it. Nothing of it changes anything.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{Kind, RunId};
use serde::Deserialize;
use store::events::EventRow;
use wire::playbooks::{
    LiveHealth, LogEntry, LogList, ReadyHealth, ServerConfig, ServerFeatures, StepParameterInfo,
    StepTypeInfo, StepTypeList,
};

use super::health;
use crate::{
    app::App,
    http::extract::{Params, PathRunId, run_id},
    refusal::Refusal,
};

const LOGS_DEFAULT: usize = 200;
const LOGS_MAX: usize = 1_000;

/// The step types with their parameters.
#[utoipa::path(get, path = "/api/playbooks/step-types", tag = "playbooks",
    responses((status = 200, description = "The step types", body = StepTypeList)))]
pub(crate) async fn step_types() -> axum::Json<StepTypeList> {
    let types = playbook::step_types()
        .iter()
        .filter(|one| one.note.is_none());
    let step_types = types.map(|one| StepTypeInfo {
        kind: one.name.to_owned(),
        domain: one.domain().to_owned(),
        description: one.description.to_owned(),
        parameters: one.parameters.iter().map(parameter).collect(),
    });
    let step_types: Vec<_> = step_types.collect();
    let domains: BTreeSet<_> = step_types.iter().map(|one| one.domain.clone()).collect();
    axum::Json(StepTypeList {
        step_types,
        domains: domains.into_iter().collect(),
    })
}

fn parameter(parameter: &playbook::StepParameter) -> StepParameterInfo {
    StepParameterInfo {
        name: parameter.name.to_owned(),
        kind: parameter.kind.to_owned(),
        required: parameter.required,
        default: parameter.default_value(),
        description: parameter.description.to_owned(),
        options: parameter
            .options
            .iter()
            .map(|one| (*one).to_owned())
            .collect(),
    }
}

/// Whether the server is well.
#[utoipa::path(get, path = "/health", tag = "admin",
    responses((status = 200, description = "It is", body = ReadyHealth),
        (status = 503, description = "It is not", body = ReadyHealth)))]
pub(crate) async fn health(State(app): State<App>) -> Response {
    ready_health(&app).await
}

/// The same.
#[utoipa::path(get, path = "/health/ready", tag = "admin",
    responses((status = 200, description = "It is", body = ReadyHealth),
        (status = 503, description = "It is not", body = ReadyHealth)))]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    ready_health(&app).await
}

/// The same.
#[utoipa::path(get, path = "/health/detailed", tag = "admin",
    responses((status = 200, description = "It is", body = ReadyHealth),
        (status = 503, description = "It is not", body = ReadyHealth)))]
pub(crate) async fn detailed(State(app): State<App>) -> Response {
    ready_health(&app).await
}

/// Answers as long as the process does.
#[utoipa::path(get, path = "/health/live", tag = "admin",
    responses((status = 200, description = "It lives", body = LiveHealth)))]
pub(crate) async fn live() -> axum::Json<LiveHealth> {
    let status = "alive".to_owned();
    axum::Json(LiveHealth { status })
}

async fn ready_health(app: &App) -> Response {
    let (code, found) = health::of(app).await;
    let ready = code == StatusCode::OK;
    let error = "the database does not answer".to_owned();
    let body = ReadyHealth {
        status: found.status,
        ready,
        version: found.version,
        uptime_seconds: found.uptime_seconds,
        errors: (!ready).then_some(error).into_iter().collect(),
        warnings: Vec::new(),
    };
    (code, axum::Json(body)).into_response()
}

/// What the server can do.
#[utoipa::path(get, path = "/api/config", tag = "playbooks",
    responses((status = 200, description = "What it can do", body = ServerConfig)))]
pub(crate) async fn config() -> axum::Json<ServerConfig> {
    axum::Json(ServerConfig {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        features: ServerFeatures::default(),
        websocket_api_key: None,
    })
}

/// Of which execution, and how much.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// The execution; without one nothing is listed.
    execution_id: Option<String>,
    /// The newest so many (default 200, at most 1,000).
    limit: Option<usize>,
}

/// What happened to an execution, in words. The output of its steps is in `GET /api/runs/{id}/logs`.
#[utoipa::path(get, path = "/api/logs", tag = "executions", params(LogQuery),
    responses((status = 200, description = "What happened", body = LogList),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such execution")))]
pub(crate) async fn logs(
    State(app): State<App>,
    Params(query): Params<LogQuery>,
) -> Result<axum::Json<LogList>, Refusal> {
    match query.execution_id.as_deref() {
        None | Some("") => Ok(axum::Json(LogList::default())),
        Some(id) => log_of(&app, run_id(id)?, query.limit).await,
    }
}

/// The same, of the execution in the path.
#[utoipa::path(get, path = "/api/logs/execution/{id}", tag = "executions",
    params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "What happened", body = LogList),
        (status = 404, description = "No such execution")))]
pub(crate) async fn logs_of(
    State(app): State<App>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<LogList>, Refusal> {
    log_of(&app, id, None).await
}

async fn log_of(
    app: &App,
    id: RunId,
    limit: Option<usize>,
) -> Result<axum::Json<LogList>, Refusal> {
    let limit = limit.unwrap_or(LOGS_DEFAULT).clamp(1, LOGS_MAX);
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let events = app.store.read(move |read| {
        if store::runs::kind(read, id)? != Kind::Execution {
            return Err(store::Error::NotFound(id));
        }
        store::events::newest(read, id, most)
    });
    let logs: Vec<_> = events.await?.iter().map(|one| entry(id, one)).collect();
    Ok(axum::Json(LogList {
        total: logs.len(),
        filtered: logs.len(),
        logs,
    }))
}

fn entry(id: RunId, event: &EventRow) -> LogEntry {
    let data: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
    let what = event
        .event_type
        .split_once('.')
        .map_or("", |(_, what)| what);
    let words = ["step", "reason", "error"].map(|name| data[name].as_str());
    let words: Vec<_> = words.into_iter().flatten().collect();
    let at = jiff::Timestamp::from_millisecond(event.at).unwrap_or_default();
    LogEntry {
        timestamp: format!("{at:.3}"),
        level: if what.contains("failed") {
            "ERROR"
        } else {
            "INFO"
        }
        .to_owned(),
        logger: "execution".to_owned(),
        message: [&[what.replace('_', " ").as_str()][..], &words[..]]
            .concat()
            .join(": "),
        execution_id: id.to_string(),
    }
}
