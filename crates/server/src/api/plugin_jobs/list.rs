//! Plugin jobs are listed.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use engine::{Kind, Status};
use serde::Deserialize;
use store::runs::Filter;
use wire::plugin_jobs::{ErrorBody, JobSummary};

use super::{Error, extract::Params, view};
use crate::app::App;

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 1_000;

/// Which jobs.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `queued`, `running`, `completed` or `failed`.
    status: Option<String>,
    /// At most so many (default 100, at most 1,000).
    limit: Option<i64>,
    /// Skip so many (default 0).
    offset: Option<i64>,
}

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/playground/jobs", tag = "plugin jobs", params(Wanted),
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
        return Err(Error::bad("limit must be at least 1"));
    }
    if offset < 0 {
        return Err(Error::bad("offset must not be negative"));
    }
    let limit = limit.min(LIMIT_MAX);
    let statuses = wanted.status.as_deref().map(statuses).transpose()?;
    let filter = Filter {
        kind: Kind::PluginJob,
        statuses: statuses.unwrap_or_default(),
        name: None,
        class: None,
        limit: limit + 1,
        offset,
    };
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

/// The states behind one of the contract's words.
fn statuses(word: &str) -> Result<Vec<Status>, Error> {
    let all = Status::ALL.iter().copied();
    let found: Vec<Status> = all.filter(|status| view::status(*status) == word).collect();
    if found.is_empty() {
        let message = "status must be one of queued, running, completed, failed";
        return Err(Error::bad(message));
    }
    Ok(found)
}

/// The link to the page after this one.
fn next(wanted: &Wanted, limit: i64, offset: i64) -> Option<HeaderValue> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(status) = &wanted.status {
        query.append_pair("status", status);
    }
    query.append_pair("limit", &limit.to_string());
    query.append_pair("offset", &offset.saturating_add(limit).to_string());
    HeaderValue::from_str(&format!(
        "</playground/jobs?{}>; rel=\"next\"",
        query.finish()
    ))
    .ok()
}
