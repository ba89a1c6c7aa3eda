//! Operations that steps start as children of their execution.

use engine::RunId;
use store::{
    Batch, Read,
    audit::{AuditEntry, Target},
    children::{ChildStart, PartTry},
    playgrounds::{self, Created, PlaygroundRow},
};
use wire::{
    Timestamp,
    executors::{CreateRequest, RolloutRequest, operations::OperationAction},
    playgrounds::{IdOrName, PlaygroundChange, ServiceSettings},
};

use super::{Came, StepOfRun, compose::playspec_of, not_owned, shown};
use crate::{
    app::App,
    playgrounds::{
        Start, Started, changed, new_row, not_made,
        start::{detailed, start},
    },
    refusal::Refusal,
};

/// How often it is tried again when something else changes the playground.
const TRIES: usize = 5;
/// The service whose variables are those of all.
const GLOBAL: &str = "_global";

/// The playground that an earlier try of the same step made, if it still exists.
pub(super) async fn of_earlier_try(
    app: &App,
    of: PartTry,
) -> Result<Option<PlaygroundRow>, Refusal> {
    let read = move |read: &mut Read<'_, '_>| {
        let Some(run) = store::children::of_earlier_try(read, of)? else {
            return Ok(None);
        };
        let id = match shown::playground_of(read, run) {
            Ok(id) => id,
            // Retention removed the operation: what it made is over as well.
            Err(store::Error::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        match id {
            Some(id) => playgrounds::find(read, id),
            None => Ok(None),
        }
    };
    Ok(app.store.read(read).await?)
}

/// Makes a playground, with the operation as the step's child: both or neither.
pub(super) async fn create(
    app: &App,
    step: &StepOfRun,
    request: CreateRequest,
    entry: AuditEntry,
) -> Result<Came, Refusal> {
    let mut wanted = request.playground;
    if let Some(compose) = request.compose {
        let id = playspec_of(app, &compose, entry.clone()).await?;
        wanted.playspec_id = Some(IdOrName(id.to_string()));
    }
    if let Some(ttl) = request.ttl_ms {
        let at = app.now_ms().saturating_add(ttl.max(1));
        wanted.life.expires_at = Some(Timestamp(at));
    }
    let mut new = new_row(app, wanted, None, entry.clone()).await?;
    for run in &mut new.submit.runs {
        run.run.parent = Some(step.of.run);
    }
    let name = new.name.clone();
    let owner = step.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        store::children::start(batch, owner.of, &owner.holder, |batch| {
            let created = playgrounds::create(batch, &new)?;
            let run = new.submit.runs.first().map(|one| one.run.id);
            let made = run.filter(|_| created == Created::Made);
            Ok((made, (created, made)))
        })
    };
    match app.store.write(work).await.map_err(not_owned)? {
        ChildStart::Known(run) | ChildStart::Made((_, Some(run))) => {
            Ok(Came::Started { run, again: false })
        }
        // The execution was retried, and what it made before is there: it is the same playground.
        ChildStart::Made((Created::NameTaken(other), None)) if made(app, step, other).await? => {
            match super::after(app, step, other).await? {
                Some(after) => Ok(after),
                None => create_again(app, step, other, entry).await,
            }
        }
        ChildStart::Made((refused, None)) => Err(not_made(&refused, &name)),
    }
}

/// Whether a step of the same execution made this playground.
async fn made(app: &App, step: &StepOfRun, id: i64) -> Result<bool, Refusal> {
    let run = step.of.run;
    let made = app.store.read(move |read| playgrounds::made_by(read, run));
    Ok(made.await?.contains(&id))
}

/// Provisions again what an earlier try made.
pub(super) async fn create_again(
    app: &App,
    step: &StepOfRun,
    id: i64,
    entry: AuditEntry,
) -> Result<Came, Refusal> {
    let run = started(app, step, id, OperationAction::Create, entry).await?;
    Ok(Came::Started { run, again: true })
}

/// Changes what is wanted, and rolls that out. Both again is the same.
pub(super) async fn rollout(
    app: &App,
    step: &StepOfRun,
    mut row: PlaygroundRow,
    request: RolloutRequest,
    entry: AuditEntry,
) -> Result<Came, Refusal> {
    let mut services = request.services;
    if !request.env.is_empty() {
        let global: &mut ServiceSettings = services.entry(GLOBAL.to_owned()).or_default();
        global.env_vars.extend(request.env);
    }
    let id = row.id;
    let change = PlaygroundChange {
        playspec_id: request.playspec,
        services: Some(services).filter(|services| !services.is_empty()),
        ..PlaygroundChange::default()
    };
    for _ in 0..TRIES {
        let update = changed(app, &row, change.clone()).await?;
        if !update.differs && update.playspec_id == row.playspec_id {
            break;
        }
        let target = Target::one("playground", id.to_string());
        let entry = detailed(entry.clone().on(target), &update.name);
        let work = move |batch: &mut Batch<'_, '_>| playgrounds::change(batch, &update, &entry);
        if app.store.write(work).await? {
            break;
        }
        row = super::row_of(app, &id.to_string()).await?;
    }
    let run = started(app, step, id, OperationAction::Rollout, entry).await?;
    Ok(Came::Started { run, again: false })
}

async fn started(
    app: &App,
    step: &StepOfRun,
    id: i64,
    action: OperationAction,
    entry: AuditEntry,
) -> Result<RunId, Refusal> {
    let entry = entry.on(Target::one("playground", id.to_string()));
    let asked = Start {
        child: Some(step.clone()),
        ..Start::plain(id, action, entry)
    };
    match start(app, asked).await? {
        Started::Run(run) => Ok(run),
        Started::Repeated => Err(Refusal::internal("an operation without a key was repeated")),
    }
}
