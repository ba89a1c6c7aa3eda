//! Jobs are looked at.

use axum::{Extension, extract::State, http::HeaderMap};
use engine::{Kind, Run, RunId, Status};
use serde::Deserialize;
use store::runs::{Details, Filter};
use wire::jobs::{ErrorBody, Job, JobSummary};

use super::{check, view};
use crate::{
    access::{Principal, Scope},
    app::App,
    http::extract::{Params, PathRunId},
    placement::Fleet,
    refusal::Refusal,
    runs::labels::Labels,
    runs::paging::{List, Page, statuses},
};

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
    /// Only jobs that are older than the one with this id: where the page before ended.
    cursor: Option<String>,
}

/// Lists jobs, newest first. With labels that few of the runs with the first of them have together, a page may have
/// few jobs or none: `Link` says whether others follow.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(Wanted,
        ("label" = Option<Vec<String>>, Query,
            description = "Only with this label, `name=value`; repeated: with all of them")),
    responses((status = 200, description = "A page of jobs; `Link` names the next",
            body = Vec<JobSummary>),
        (status = 400, description = "A parameter is wrong", body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(wanted): Params<Wanted>,
    labels: Labels,
) -> Result<(HeaderMap, axum::Json<Vec<JobSummary>>), Refusal> {
    let page = Page::asked(
        wanted.limit,
        wanted.offset,
        wanted.cursor.as_deref(),
        labels,
    )?;
    let (status, priority) = (wanted.status.as_deref(), wanted.priority.as_deref());
    let statuses = status
        .map(|word| statuses(word, view::status))
        .transpose()?;
    let filter = Filter {
        statuses: statuses.unwrap_or_default(),
        name: wanted.job_type.clone(),
        priority: priority
            .map(|text| check::priority("priority", text))
            .transpose()?,
        ..page.of(Kind::Job)
    };
    if filter.name.as_ref().is_some_and(|name| name.contains('\0')) {
        return Err(Refusal::field("type", "type must not contain NUL"));
    }
    let list = List {
        path: "/api/v1/jobs",
        parameters: &[
            ("status", &wanted.status),
            ("type", &wanted.job_type),
            ("priority", &wanted.priority),
        ],
    };
    let (headers, runs) = page.read(&app, filter, list).await?;
    let fleet = Fleet::for_queues(&app, waiting(&runs)).await?;
    let jobs = runs.iter().map(|run| view::summary(run, &fleet));
    Ok((headers, axum::Json(jobs.collect())))
}

/// One job with its output and attempts.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "The job", body = Job),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Job>, Refusal> {
    let details = details(&app, id).await?;
    let fleet = Fleet::for_queues(&app, waiting([&details.run])).await?;
    let placement_error = view::placement_error(&details.run, &fleet);
    let mut job = view::job(details)?;
    job.placement_error = placement_error;
    // Who performs it needs them.
    let may_see = [Scope::JobsWrite, Scope::RunsPerform];
    if !may_see.iter().any(|scope| principal.scopes().allow(*scope)) {
        let headers = job.binary_headers.iter_mut();
        let values = job.env_variables.values_mut();
        let values = values.chain(headers.flat_map(|headers| headers.values_mut()));
        values.for_each(|value| view::MASKED.clone_into(value));
    }
    Ok(axum::Json(job))
}

/// The queues of those that wait for an executor.
fn waiting<'a>(runs: impl IntoIterator<Item = &'a Run>) -> impl Iterator<Item = &'a str> {
    let waits = |run: &&Run| matches!(run.state.status(), Status::Scheduled | Status::Queued);
    let runs = runs.into_iter().filter(waits);
    runs.map(|run| run.queue.as_str())
}

/// A job with all that belongs to it; a run of another kind is none.
pub(super) async fn details(app: &App, id: RunId) -> Result<Details, Refusal> {
    let details = app.store.read(move |read| store::runs::details(read, id));
    match details.await? {
        details if details.run.kind == Kind::Job => Ok(details),
        _ => Err(Refusal::no_run(id)),
    }
}
