//! What steps of executions do with playgrounds. A creation, a rollout and a command are children of the execution,
//! one for each try of a step. A destroy is not: once it is asked for it goes on, whatever becomes of the execution.

mod compose;
mod destroy;
mod exec;
mod jobs;
mod shown;
mod start;

use engine::{Holder, RunId};
use store::{
    Batch, Read, audit::AuditEntry, children::PartTry, playgrounds, playgrounds::PlaygroundRow,
};
use wire::executors::{AskedPlayground, ChildRun, PlaygroundRequest};

use super::row_of;
use crate::{
    app::App,
    refusal::{Refusal, RefusalKind},
};

pub(crate) use jobs::of_job;

/// The try of a step, and who performs it.
#[derive(Clone, Debug)]
pub(crate) struct StepOfRun {
    pub(crate) of: PartTry,
    pub(crate) holder: Holder,
}

/// What a request came to.
enum Came {
    /// The operation that it started, on this playground.
    Started { run: RunId, again: bool },
    /// Another operation of the playground must end first.
    After { playground: i64, run: RunId },
    /// There is nothing to be done but to look at it.
    Look(i64),
    /// A destroy that this try asked for failed.
    Failed { playground: i64, run: RunId },
    /// There is no such playground, which is fine.
    Gone,
}

/// Does what a step asks for, once for each try of it, and answers how that stands.
pub(crate) async fn ask(
    app: &App,
    step: StepOfRun,
    request: PlaygroundRequest,
    entry: AuditEntry,
) -> Result<AskedPlayground, Refusal> {
    let (of, holder) = (step.of, step.holder.clone());
    let read = move |read: &mut Read<'_, '_>| {
        let run = store::runs::owned(read, of.run, &holder, "ask for a playground")?;
        let known = store::children::of_part(read, of)?;
        Ok((run.is_cancelled(), known))
    };
    let (cancelled, known) = app.store.read(read).await.map_err(not_owned)?;
    let came = match known {
        Some(run) => Came::Started { run, again: false },
        None => begin(app, &step, request, entry, cancelled).await?,
    };
    let submitted = known.is_none();
    let (now, of) = (app.now_ms(), step.of);
    let read = move |read: &mut Read<'_, '_>| {
        let since = playgrounds::watched_since(read, of)?;
        let asked = asked(read, &came, submitted, now)?;
        let waited = since.map_or(0, |since| now.saturating_sub(since));
        let age = asked.operation.as_ref().map_or(0, |one| one.age_ms);
        Ok(AskedPlayground {
            age_ms: age.max(u64::try_from(waited).unwrap_or(0)),
            cancelled,
            ..asked
        })
    };
    Ok(app.store.read(read).await?)
}

async fn begin(
    app: &App,
    step: &StepOfRun,
    request: PlaygroundRequest,
    entry: AuditEntry,
    cancelled: bool,
) -> Result<Came, Refusal> {
    let row = match &request {
        PlaygroundRequest::Create(create) => {
            start::made_before(app, step.of, create.playground.name.clone()).await?
        }
        PlaygroundRequest::Look { playground } => Some(row_of(app, playground).await?),
        PlaygroundRequest::Rollout(rollout) => Some(row_of(app, &rollout.playground).await?),
        PlaygroundRequest::Exec(exec) => Some(row_of(app, &exec.playground).await?),
        PlaygroundRequest::Destroy { playground } => {
            return destroy::begin(app, step, playground.as_deref(), entry).await;
        }
    };
    if let PlaygroundRequest::Look { .. } = request {
        let id = row.map_or(0, |row| row.id);
        watch(app, step, id).await?;
        return Ok(Came::Look(id));
    }
    let Some(row) = row else {
        return match request {
            PlaygroundRequest::Create(create) => start::create(app, step, *create, entry).await,
            _ => Ok(Came::Gone),
        };
    };
    if let Some(after) = after(app, step, row.id).await? {
        return Ok(after);
    }
    let id = row.id;
    let begun = match request {
        PlaygroundRequest::Create(_) => start::create_again(app, step, id, entry).await,
        PlaygroundRequest::Rollout(rollout) => {
            start::rollout(app, step, row, *rollout, entry).await
        }
        PlaygroundRequest::Exec(exec) => exec::exec(app, step, id, *exec, entry).await,
        PlaygroundRequest::Look { .. } | PlaygroundRequest::Destroy { .. } => Ok(Came::Look(id)),
    };
    match begun {
        // Another operation was started meanwhile.
        Err(refusal) if refusal.kind == RefusalKind::Conflict && !cancelled => {
            match after(app, step, id).await? {
                Some(after) => Ok(after),
                None => Err(refusal),
            }
        }
        begun => begun,
    }
}

/// The operation of a playground that has not ended, if there is one: the run is woken when it has.
async fn after(app: &App, step: &StepOfRun, id: i64) -> Result<Option<Came>, Refusal> {
    if live(app, id).await?.is_none() {
        return Ok(None);
    }
    // What ends before this is written is seen by the second look.
    watch(app, step, id).await?;
    let run = live(app, id).await?;
    Ok(run.map(|run| Came::After {
        playground: id,
        run,
    }))
}

async fn live(app: &App, id: i64) -> Result<Option<RunId>, Refusal> {
    let row = app.store.read(move |read| playgrounds::find(read, id));
    let row = row.await?.filter(is_busy);
    Ok(row.map(|row| row.last.run))
}

/// Whether its last operation has not ended.
fn is_busy(row: &PlaygroundRow) -> bool {
    !row.last.status.is_terminal()
}

/// Wakes the run when there is news of the playground; answers since when this try has waited for such.
async fn watch(app: &App, step: &StepOfRun, id: i64) -> Result<i64, Refusal> {
    let (step, now) = (step.clone(), app.now_ms());
    let work = move |batch: &mut Batch<'_, '_>| {
        store::runs::hold(batch, step.of.run, &step.holder, "wait for a playground")?;
        playgrounds::watch(batch, step.of, id, now)
    };
    app.store.write(work).await.map_err(not_owned)
}

fn asked(
    read: &mut Read<'_, '_>,
    came: &Came,
    submitted: bool,
    now: i64,
) -> Result<AskedPlayground, store::Error> {
    let operation = |read: &mut Read<'_, '_>, run: RunId| -> Result<ChildRun, store::Error> {
        let run = shown::operation(read, run, now)?;
        Ok(ChildRun { submitted, ..run })
    };
    let (id, mut asked) = match *came {
        Came::Gone => return Ok(AskedPlayground::default()),
        Came::Look(id) => (Some(id), AskedPlayground::default()),
        Came::After { playground, run } => {
            let after = Some(run.to_string());
            (
                Some(playground),
                AskedPlayground {
                    after,
                    ..AskedPlayground::default()
                },
            )
        }
        Came::Started { run, again } => {
            let operation = Some(operation(read, run)?);
            let id = shown::playground_of(read, run)?;
            (
                id,
                AskedPlayground {
                    operation,
                    again,
                    ..AskedPlayground::default()
                },
            )
        }
        Came::Failed { playground, run } => {
            let operation = Some(operation(read, run)?);
            (
                Some(playground),
                AskedPlayground {
                    operation,
                    ..AskedPlayground::default()
                },
            )
        }
    };
    if let Some(id) = id
        && let Some(row) = playgrounds::find(read, id)?
    {
        asked.playground = Some(shown::playground(read, row)?);
    }
    Ok(asked)
}

/// A run whose lease the caller does not own counts as not found.
fn not_owned(error: store::Error) -> Refusal {
    Refusal::from(error).or_not_owned()
}
