//! Jobs are looked at.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use engine::{Kind, RunId};
use serde::Deserialize;
use store::runs::{Details, Filter};
use wire::jobs::{ErrorBody, Job, JobSummary};

use super::{
    Error, check,
    extract::{JobId, Params},
    view,
};
use crate::app::App;

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 1_000;

/// Which jobs.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    status: Option<String>,
    /// Job type.
    #[serde(rename = "type")]
    job_type: Option<String>,
    /// `foreground`, `background` or `best_effort`.
    priority: Option<String>,
    /// At most so many (default 100, at most 1,000).
    limit: Option<i64>,
    /// Skip so many (default 0).
    offset: Option<i64>,
}

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(Wanted),
    responses((status = 200, description = "A page of jobs; `Link` names the next",
            body = Vec<JobSummary>),
        (status = 400, description = "A parameter is wrong", body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(wanted): Params<Wanted>,
) -> Result<(HeaderMap, axum::Json<Vec<JobSummary>>), Error> {
    let limit = wanted.limit.unwrap_or(LIMIT_DEFAULT);
    let offset = wanted.offset.unwrap_or(0);
    if limit < 1 {
        return Err(Error::field("limit", "limit must be at least 1"));
    }
    if offset < 0 {
        return Err(Error::field("offset", "offset must not be negative"));
    }
    // The contract names a maximum, not a refusal.
    let limit = limit.min(LIMIT_MAX);
    let filter = Filter {
        kind: Kind::Job,
        statuses: wanted
            .status
            .as_deref()
            .map(view::statuses)
            .transpose()?
            .unwrap_or_default(),
        name: wanted.job_type.clone(),
        class: wanted
            .priority
            .as_deref()
            .map(|text| check::class("priority", text))
            .transpose()?,
        limit: limit + 1,
        offset,
    };
    if filter.name.as_ref().is_some_and(|name| name.contains('\0')) {
        return Err(Error::field("type", "type must not contain NUL"));
    }
    let mut runs = app
        .store
        .read(move |read| store::runs::list(read, &filter))
        .await?;
    let more = i64::try_from(runs.len()).is_ok_and(|found| found > limit);
    runs.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut headers = HeaderMap::new();
    if more {
        headers.extend(next(&wanted, limit, offset).map(|link| (header::LINK, link)));
    }
    Ok((
        headers,
        axum::Json(runs.iter().map(view::summary).collect()),
    ))
}

/// The link to the page after this one.
fn next(wanted: &Wanted, limit: i64, offset: i64) -> Option<HeaderValue> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let texts = [
        ("status", &wanted.status),
        ("type", &wanted.job_type),
        ("priority", &wanted.priority),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.append_pair("limit", &limit.to_string());
    query.append_pair("offset", &offset.saturating_add(limit).to_string());
    HeaderValue::from_str(&format!("</api/v1/jobs?{}>; rel=\"next\"", query.finish())).ok()
}

/// One job with its output and attempts.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "The job", body = Job),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    JobId(id): JobId,
) -> Result<axum::Json<Job>, Error> {
    let details = details(&app, id).await?;
    view::job(details).map(axum::Json)
}

/// A job with all that belongs to it; a run of another kind is none.
pub(super) async fn details(app: &App, id: RunId) -> Result<Details, Error> {
    let details = app.store.read(move |read| store::runs::details(read, id));
    match details.await? {
        details if details.run.kind == Kind::Job => Ok(details),
        _ => Err(Error::no_job(&id.to_string())),
    }
}
