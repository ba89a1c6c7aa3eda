//! Executors of ours take runs of several kinds in one call.

use std::{collections::HashSet, time::Duration};

use axum::{Extension, extract};
use engine::{Kind, RunId, State};
use store::{Read, runs::Claimed};
use tokio::time::Instant;
use wire::{
    executors::{ClaimRuns, ClaimedRun, ClaimedRuns, LeasedPluginJob, Progress},
    jobs::ErrorBody,
};

use super::claim::{self, Wanted};
use crate::{
    api::plugin_jobs,
    app::App,
    http::extract::{ExecutorId, Json},
    origin_check::Peer,
    refusal::Refusal,
};

/// Takes the next runs of these kinds, or waits for some. Of plugin jobs it takes those whose plugins
/// the executor has registered.
#[utoipa::path(post, path = "/api/v1/executors/{executor_id}/claims", tag = "executors",
    request_body = ClaimRuns, params(("executor_id" = String, Path, description = "Its name")),
    responses((status = 200, description = "The runs, each with its lease", body = ClaimedRuns),
        (status = 400, description = "A field is wrong", body = ErrorBody)))]
pub(crate) async fn claim(
    extract::State(app): extract::State<App>,
    ExecutorId(executor): ExecutorId,
    peer: Option<Extension<Peer>>,
    Json(request): Json<ClaimRuns>,
) -> Result<axum::Json<ClaimedRuns>, Refusal> {
    let wanted = Wanted {
        executor_ip: claim::address(&request.executor_ip, peer)?,
        kinds: kinds(&request.kinds)?,
        max: claim::max(request.max)?,
        executor,
    };
    let wait = claim::wait(request.wait_seconds.unwrap_or(0.0))?;
    let (asked, asked_at) = (Instant::now(), app.now_ms());
    let taken = claim::take(&app, &wanted, wait).await?;
    let runs = answer(&app, &taken.runs, &wanted.executor_ip).await?;
    let waited = waited(&taken.runs, asked_at).min(asked.elapsed());
    taken.deliver(&wanted);
    Ok(axum::Json(ClaimedRuns {
        runs,
        waited_seconds: waited.as_secs_f64(),
    }))
}

/// How long after this time the first of the leases began.
fn waited(taken: &[Claimed], asked_at: i64) -> Duration {
    let began = taken.iter().filter_map(|claimed| match &claimed.run.state {
        State::Running(lease) => Some(lease.started_at),
        _ => None,
    });
    let waited = began.min().unwrap_or(asked_at).saturating_sub(asked_at);
    Duration::from_millis(waited.try_into().unwrap_or(0))
}

fn kinds(words: &[String]) -> Result<Vec<Kind>, Refusal> {
    let plugin_directory = |word: &String| match word.parse() {
        Ok(kind @ (Kind::Job | Kind::PluginJob)) => Ok(kind),
        _ => Err(Refusal::field(
            "kinds",
            "kinds must be some of job, plugin_job",
        )),
    };
    let kinds: Vec<Kind> = words
        .iter()
        .map(plugin_directory)
        .collect::<Result<_, _>>()?;
    if kinds.is_empty() {
        return Err(Refusal::field("kinds", "kinds must not be empty"));
    }
    Ok(kinds)
}

/// The queues of plugin jobs with ready runs that the executor can perform, at most so many.
const QUEUES: usize = 64;

/// Where an executor's plugin jobs are: the queues, unless it has no plugins.
pub(super) fn plugin_queues(
    read: &mut Read<'_, '_>,
    executor: &str,
) -> Result<Option<Vec<String>>, store::Error> {
    let plugins = store::executors::plugins(read, executor)?;
    let plugins: HashSet<&str> = plugins.iter().map(String::as_str).collect();
    if plugins.is_empty() {
        return Ok(None);
    }
    let has_all = |rest: &str| plugin_jobs::plugins_of(rest).all(|name| plugins.contains(name));
    store::runs::ready_queues(read, plugin_jobs::FAMILY, QUEUES, has_all).map(Some)
}

/// The runs as they are answered. One whose input cannot be read is left out, as in a plain claim.
async fn answer(
    app: &App,
    taken: &[Claimed],
    executor_ip: &str,
) -> Result<Vec<ClaimedRun>, Refusal> {
    let (jobs, others): (Vec<&Claimed>, Vec<&Claimed>) = taken
        .iter()
        .partition(|claimed| claimed.run.kind == Kind::Job);
    let mut runs = Vec::with_capacity(taken.len());
    if !jobs.is_empty() {
        let jobs = claim::jobs(app, &jobs, executor_ip).await?;
        runs.extend(
            jobs.into_iter()
                .map(|job| ClaimedRun::Job { job: Box::new(job) }),
        );
    }
    if !others.is_empty() {
        let mut progress = progress(app, &others).await?.into_iter();
        for claimed in &others {
            let progress = progress.next().flatten();
            match plugin_job(app, claimed, progress) {
                Ok(job) => runs.push(ClaimedRun::PluginJob {
                    plugin_job: Box::new(job),
                }),
                Err(error) => {
                    tracing::error!(%error, run_id = %claimed.run.id, "an unreadable run");
                }
            }
        }
    }
    Ok(runs)
}

/// How far these runs came before, in their order.
async fn progress(app: &App, taken: &[&Claimed]) -> Result<Vec<Option<Progress>>, Refusal> {
    if taken.iter().all(|claimed| claimed.run.starts < 2) {
        return Ok(Vec::new());
    }
    let ids: Vec<RunId> = taken.iter().map(|claimed| claimed.run.id).collect();
    let read = app.store.read(move |read| {
        ids.into_iter()
            .map(|id| {
                let body = store::runs::checkpoint_of(read, id)?;
                let note = body.map(|body| plugin_jobs::Note::parse(&body));
                Ok(note.transpose()?.map(|note| note.progress))
            })
            .collect()
    });
    Ok(read.await?)
}

fn plugin_job(
    app: &App,
    claimed: &Claimed,
    progress: Option<Progress>,
) -> Result<LeasedPluginJob, store::Error> {
    let run = &claimed.run;
    let config = plugin_jobs::config(&claimed.input)?;
    let left = run.deadline.map(|deadline| deadline - app.now_ms());
    let left = left.map_or(config.timeout, |left| u64::try_from(left).unwrap_or(0));
    Ok(LeasedPluginJob {
        id: run.id.to_string(),
        lease_token: run.token,
        lease_seconds: app.settings.lease.as_secs_f64(),
        attempt: run.starts,
        plugins: config.plugins,
        input: config.input,
        retries: config.retries,
        debug: config.debug,
        skip_unfit: config.skip_unfit,
        remaining_ms: left,
        progress,
    })
}
