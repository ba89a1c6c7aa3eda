//! A plugin job is started, and maybe waited for.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use engine::{Command, Kind, RunId};
use serde::Deserialize;
use store::Topic;
use tokio::time::Instant;
use wire::plugin_jobs::{ErrorBody, Job};

use super::{
    cancel::target,
    loaded::{self, LoadedJob},
    view,
};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Params, PathRunId},
    refusal::Refusal,
};

/// The longest wait.
const WAIT_LIMIT_SECONDS: u64 = 60;
/// A call that waits looks at least this often, should a wake-up be lost.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long to wait.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Answer when the job has ended, or after so many seconds (0 to 60, default 0).
    wait: Option<u64>,
}

/// Starts a job that was created. Starting it again changes nothing. Answers at once with the job as it
/// is then, or waits for its end if that is asked for.
#[utoipa::path(post, path = "/playground/jobs/{id}/start", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id"), Wanted,
        ("Prefer" = Option<String>, Header, description = "`wait=N`, as the parameter; more than 60 \
            is taken as 60")),
    responses((status = 200, description = "The job", body = Job),
        (status = 400, description = "The wait is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn start(
    State(app): State<App>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
) -> Result<(HeaderMap, axum::Json<Job>), Refusal> {
    let preferred = preferred(&headers).map(|seconds| seconds.min(WAIT_LIMIT_SECONDS));
    if wanted
        .wait
        .is_some_and(|seconds| seconds > WAIT_LIMIT_SECONDS)
    {
        let message = format!("wait must be from 0 to {WAIT_LIMIT_SECONDS} seconds");
        return Err(Refusal::bad_request(message));
    }
    let wait = wanted.wait.or(preferred).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(wait);
    let mut loaded = unhold(&app, audit_context, id).await?;
    if wait > 0 {
        loaded = ended(&app, id, loaded, until).await?;
    }
    let mut applied = HeaderMap::new();
    if let Some(seconds) = preferred.filter(|_| wanted.wait.is_none()) {
        let name = HeaderName::from_static("preference-applied");
        let value = HeaderValue::from_str(&format!("wait={seconds}"));
        applied.extend(value.ok().map(|value| (name, value)));
    }
    Ok((applied, axum::Json(view::job(&loaded))))
}

/// Starts a held job; one that is held no longer stays as it is.
async fn unhold(
    app: &App,
    audit_context: AuditContext,
    id: RunId,
) -> Result<LoadedJob, store::Error> {
    let (aging_step_ms, now) = (app.aging_step_ms(), app.now_ms());
    let entry = audit_context.entry(now, target(id));
    let work = move |batch: &mut store::Batch<'_, '_>| {
        let command = Command::Unhold { aging_step_ms };
        let started = match store::runs::entry(batch, Kind::PluginJob, id, &command, &entry) {
            Ok(_) => true,
            Err(store::Error::Rejected(_)) => false,
            Err(error) => return Err(error),
        };
        let mut loaded = loaded::find(&mut batch.read(), id)?;
        if started {
            // Its event is numbered, and so can be read, at the end of the transaction.
            loaded.updated_at = now;
        }
        Ok(loaded)
    };
    app.store.write(work).await
}

/// The job when it has ended, or as it is when the wait is over.
async fn ended(
    app: &App,
    id: RunId,
    mut loaded: LoadedJob,
    until: Instant,
) -> Result<LoadedJob, store::Error> {
    let changed = app.store.wake().topic(Topic::Run(id));
    loop {
        // Ask to be woken before looking: an end that comes in between is not missed.
        let woken = changed.next();
        let status = app
            .store
            .read(move |read| Ok(store::runs::statuses(read, &[id])?.pop().flatten()));
        let over = Instant::now() >= until || app.stopping.is_cancelled();
        // One that was deleted meanwhile is shown as it was.
        let Some(status) = status.await? else {
            return Ok(loaded);
        };
        if status.is_terminal() || over {
            let found = app.store.read(move |read| loaded::find(read, id)).await;
            match found {
                Ok(found) => loaded = found,
                Err(store::Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
            return Ok(loaded);
        }
        tokio::select! {
            () = woken => {}
            () = app.stopping.cancelled() => {}
            () = tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)) => {}
        }
    }
}

/// The wait that the header `Prefer` asks for. What is not understood there is to be ignored.
fn preferred(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all("prefer").iter();
    let mut words = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    words.find_map(|word| {
        let (name, value) = word.split(';').next()?.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        is_wait.then(|| value.trim().trim_matches('"').parse().ok())?
    })
}
