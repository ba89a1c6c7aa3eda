//! Operations that steps start as children of their execution.

use std::collections::BTreeMap;

use engine::RunId;
use playground::project::slug;
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
        SpecBody, Start, Started, changed, created, described_services, new_row, not_made,
        start::{detailed, start},
        write_change,
    },
    refusal::Refusal,
};

/// How often it is tried again when something else changes the playground.
const TRIES: usize = 5;
/// The longest label of a host name.
const LABEL_LIMIT: usize = 63;
/// The service whose variables are those of all.
const GLOBAL: &str = "_global";

/// The playground that an earlier try of the same step made, or a step of the same execution under the same name, as
/// before a retry of the execution; if it still exists.
pub(super) async fn made_before(
    app: &App,
    of: PartTry,
    name: Option<String>,
) -> Result<Option<PlaygroundRow>, Refusal> {
    let read = move |read: &mut Read<'_, '_>| {
        let earlier = match store::children::of_earlier_try(read, of)? {
            Some(run) => playground_of(read, run)?,
            None => None,
        };
        if let Some(id) = earlier
            && let Some(row) = playgrounds::find(read, id)?
        {
            return Ok(Some(row));
        }
        let named = match name {
            Some(name) => playgrounds::find_named(read, &name)?,
            None => None,
        };
        let made = playgrounds::made_by(read, of.run)?;
        Ok(named.filter(|row| made.contains(&row.id)))
    };
    Ok(app.store.read(read).await?)
}

fn playground_of(read: &mut Read<'_, '_>, run: RunId) -> Result<Option<i64>, store::Error> {
    match shown::playground_of(read, run) {
        // Retention removed the operation: what it made is over as well.
        Err(store::Error::NotFound(_)) => Ok(None),
        found => found,
    }
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
    if wanted.service_subdomains.is_none() {
        let name = wanted.name.clone().unwrap_or_default();
        let playspec = wanted.playspec_id.as_ref();
        wanted.service_subdomains = subdomains(app, playspec, &name).await?;
    }
    let (mut new, hosts) = new_row(app, wanted, None, entry).await?;
    for run in &mut new.submit.runs {
        run.run.parent = Some(step.of.run);
    }
    let name = new.name.clone();
    let owner = step.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        store::children::start(batch, owner.of, &owner.holder, |batch| {
            let created = match created(batch, &new, &hosts)? {
                Ok(created) => created,
                Err(refusal) => return Ok((None, Err(refusal))),
            };
            let run = new.submit.runs.first().map(|one| one.run.id);
            let made = run.filter(|_| created == Created::Made);
            Ok((made, Ok((created, made))))
        })
    };
    match app.store.write(work).await.map_err(not_owned)? {
        ChildStart::Known(run) | ChildStart::Made(Ok((_, Some(run)))) => {
            Ok(Came::Started { run, again: false })
        }
        ChildStart::Made(Ok((refused, None))) => Err(not_made(&refused, &name)),
        ChildStart::Made(Err(refusal)) => Err(refusal),
    }
}

/// Subdomains by which the services are reached, so that two executions can have the same playspec at once.
async fn subdomains(
    app: &App,
    playspec: Option<&IdOrName>,
    name: &str,
) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let Some(named) = playspec.cloned() else {
        return Ok(None);
    };
    let find = move |read: &mut Read<'_, '_>| playgrounds::playspec(read, named.id(), &named.0);
    let Some(spec) = app.store.read(find).await? else {
        return Ok(None);
    };
    let services = described_services(&SpecBody::of(&spec)?).into_iter();
    let named = services.map(|service| {
        let whole = format!("{}-{}", slug(&service.name), slug(name));
        let from = whole.len().saturating_sub(LABEL_LIMIT);
        let label = whole[from..].trim_start_matches('-').to_owned();
        (service.name, label)
    });
    Ok(Some(named.collect()))
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
        variables: request.variables,
        ..PlaygroundChange::default()
    };
    for _ in 0..TRIES {
        let (update, hosts) = changed(app, &row, change.clone()).await?;
        if !update.differs && update.playspec_id == row.playspec_id {
            break;
        }
        let target = Target::one("playground", id.to_string());
        let entry = detailed(entry.clone().on(target), &update.name);
        let work = move |batch: &mut Batch<'_, '_>| write_change(batch, &hosts, (&update, &entry));
        if app.store.write(work).await?? {
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
        Started::Repeated | Started::Later => {
            Err(Refusal::internal("an operation without a key was repeated"))
        }
    }
}
