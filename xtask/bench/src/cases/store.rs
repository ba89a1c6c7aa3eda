//! What the store alone does, in this process, without HTTP: claim, heartbeat and finish, one run a
//! call, from one caller and from 64 that share commits; and 50 runs a claim.

use std::{future::Future, path::Path, time::Instant};

use anyhow::{Context, Result};
use engine::{AttemptOutcome, Holder, Kind, NewRun, RunId};
use store::{
    Location, Store,
    audit::{Actor, AuditEntry, Target},
    runs::{Claim, Claimed, Finish, Heartbeat, Report, Submission, Submit},
};
use tokio::task::{JoinSet, spawn_blocking};

use crate::{database, report::Measure, server::Environment};

pub(super) const NOW: i64 = 1_700_000_000_000;
pub(super) const AGING_STEP_MS: i64 = 600_000;
const LEASE_MS: i64 = 30_000;
/// Runs for one measure with a caller alone, and with many.
const SIZES: [(usize, usize); 2] = [(1, 1_000), (64, 12_800)];
const TOGETHER: usize = 50;

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for (callers, runs) in SIZES {
        let store = open(environment).await?;
        submit(&store, runs).await?;
        let label = |what: &str| format!("store alone, {what}, {callers} callers");
        let (held, rate) = timed(runs, claim_each(&store, callers, runs)).await?;
        measures.push(Measure::new(label("claim"), "1/s", rate));
        let (_, rate) = timed(runs, beat_each(&store, callers, &held)).await?;
        measures.push(Measure::new(label("heartbeat"), "1/s", rate));
        let (_, rate) = timed(runs, finish_each(&store, callers, &held)).await?;
        measures.push(Measure::new(label("finish"), "1/s", rate));
    }
    let store = open(environment).await?;
    let runs = 10_000;
    submit(&store, runs).await?;
    let (_, rate) = timed(runs, claim_together(&store, runs)).await?;
    let name = format!("store alone, claim of {TOGETHER} at once");
    measures.push(Measure::new(name, "jobs/s", rate));
    Ok(measures)
}

/// On an empty database.
pub(super) async fn open(environment: &Environment) -> Result<Store> {
    let location = match &environment.database_url {
        Some(url) => Location::Postgres(database::fresh(url).await?),
        None => Location::Sqlite(empty(&environment.work_dir)?),
    };
    spawn_blocking(move || Store::open(&location, 1, NOW))
        .await?
        .context("failed to open the store")
}

fn empty(dir: &Path) -> Result<std::path::PathBuf> {
    let dir = dir.join("store");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    Ok(dir.join("playhouse.db"))
}

async fn timed<T>(runs: usize, work: impl Future<Output = Result<T>>) -> Result<(T, f64)> {
    let begun = Instant::now();
    let done = work.await?;
    Ok((done, runs as f64 / begun.elapsed().as_secs_f64()))
}

async fn submit(store: &Store, runs: usize) -> Result<()> {
    for first in (0..runs).step_by(1_000) {
        let ids: Vec<RunId> = (first..runs.min(first + 1_000)).map(id).collect();
        let origin = "127.0.0.1".to_owned();
        let target = Target::runs(Kind::Job.as_str(), &ids);
        let act = AuditEntry::new(NOW, Actor::word("bench"), origin, "job.submit", target);
        let run = |id| Submission::new(NewRun::new(id, Kind::Job, "noop", "job"), "{}");
        let submit = Submit {
            entry: Some(Box::new(act)),
            ..Submit::new(ids.into_iter().map(run), AGING_STEP_MS, NOW)
        };
        store.submit(submit).await?;
    }
    Ok(())
}

/// Ids rise, and their last bytes differ: on PostgreSQL they say which writer has the run.
pub(super) fn id(number: usize) -> RunId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
    RunId::from_bytes(bytes)
}

async fn claim_each(store: &Store, callers: usize, runs: usize) -> Result<Vec<Claimed>> {
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let store = store.clone();
        tasks.spawn(async move {
            let mut held = Vec::new();
            for _ in 0..runs / callers {
                held.extend(store.claim(claim(1)).await?);
            }
            anyhow::Ok(held)
        });
    }
    let mut held = Vec::new();
    while let Some(claimed) = tasks.join_next().await {
        held.extend(claimed??);
    }
    anyhow::ensure!(held.len() == runs, "{} of {runs} were claimed", held.len());
    Ok(held)
}

async fn claim_together(store: &Store, runs: usize) -> Result<()> {
    let mut left = runs;
    while left > 0 {
        let claimed = store.claim(claim(TOGETHER)).await?.len();
        anyhow::ensure!(claimed > 0, "{left} runs are missing");
        left -= claimed;
    }
    Ok(())
}

fn claim(max: usize) -> Claim {
    Claim {
        executor: "bench-1".to_owned(),
        executor_ip: "127.0.0.1".to_owned(),
        queues: vec!["job".to_owned()],
        max,
        lease_ms: LEASE_MS,
        now: NOW,
        ..Claim::default()
    }
}

async fn beat_each(store: &Store, callers: usize, held: &[Claimed]) -> Result<()> {
    let store = store.clone();
    each(callers, held, move |id, holder| {
        let store = store.clone();
        let beat = Heartbeat {
            id,
            holder,
            lease_ms: LEASE_MS,
            now: NOW + 1,
        };
        async move { Ok(store.heartbeat(beat).await.map(drop)?) }
    })
    .await
}

async fn finish_each(store: &Store, callers: usize, held: &[Claimed]) -> Result<()> {
    let store = store.clone();
    each(callers, held, move |id, holder| {
        let store = store.clone();
        let finish = Finish {
            id,
            holder,
            outcome: AttemptOutcome::Completed,
            report: Report::default(),
            jitter: 0.5,
            aging_step_ms: AGING_STEP_MS,
            now: NOW + 2,
        };
        async move {
            let ended = store.finish(vec![finish]).await?;
            ended.into_iter().try_for_each(|ended| ended.map(drop))?;
            Ok(())
        }
    })
    .await
}

/// Calls `work` for each held run, from so many callers, each one after another.
async fn each<F>(
    callers: usize,
    held: &[Claimed],
    work: impl Fn(RunId, Holder) -> F + Clone + Send + 'static,
) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for share in held.chunks(held.len().div_ceil(callers)) {
        let share: Vec<(RunId, Holder)> = share.iter().map(holder).collect();
        let work = work.clone();
        tasks.spawn(async move {
            for (id, holder) in share {
                work(id, holder).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

fn holder(claimed: &Claimed) -> (RunId, Holder) {
    let holder = Holder {
        executor: "bench-1".to_owned(),
        token: Some(claimed.run.token),
    };
    (claimed.run.id, holder)
}
