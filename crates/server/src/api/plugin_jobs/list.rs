//! Plugin jobs are listed.

use axum::{extract::State, http::HeaderMap};
use engine::Kind;
use serde::Deserialize;
use store::runs::Filter;
use wire::plugin_jobs::{ErrorBody, JobSummary};

use super::view;
use crate::{
    app::App,
    http::extract::Params,
    refusal::Refusal,
    runs::labels::Labels,
    runs::paging::{List, Page, statuses},
};

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
    /// Only jobs that are older than the one with this id: where the page before ended.
    cursor: Option<String>,
}

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/playground/jobs", tag = "plugin jobs", params(Wanted),
    responses((status = 200, description = "A page of jobs; `Link` names the next",
            body = Vec<JobSummary>),
        (status = 400, description = "A parameter is wrong", body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(wanted): Params<Wanted>,
) -> Result<(HeaderMap, axum::Json<Vec<JobSummary>>), Refusal> {
    let (cursor, labels) = (wanted.cursor.as_deref(), Labels::default());
    let page = Page::asked(wanted.limit, wanted.offset, cursor, labels)?;
    let status = wanted.status.as_deref();
    let statuses = status
        .map(|word| statuses(word, view::status))
        .transpose()?;
    let filter = Filter {
        statuses: statuses.unwrap_or_default(),
        ..page.of(Kind::PluginJob)
    };
    let list = List {
        path: "/playground/jobs",
        parameters: &[("status", &wanted.status)],
    };
    let (headers, runs) = page.read(&app, filter, list).await?;
    Ok((
        headers,
        axum::Json(runs.iter().map(view::summary).collect()),
    ))
}
