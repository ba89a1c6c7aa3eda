//! Operations on playgrounds are started: for requests, and for loops.

use engine::RunId;
use store::{
    Batch, IdempotencyKey, Read,
    audit::AuditEntry,
    children::ChildStart,
    playgrounds::{self, FileRow, Operate, Operated, PlaygroundRow, PlayroomRow, PlayspecRow},
    runs::Submit,
};
use wire::executors::operations::{OperationAction, OperationInput};

use super::{
    OperationRequest, PlaygroundStatus as P, RoomBody, SpecBody, StepOfRun, Wanted, busy,
    invalid_state, loaded, missing_playground, submission,
};
use crate::{app::App, refusal::Refusal};

/// How often it is tried again when something else changes the playground.
const TRIES: usize = 5;

/// An operation that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) playground_id: i64,
    pub(crate) action: OperationAction,
    /// Of a rollback.
    pub(crate) revision: Option<i64>,
    /// Whatever the status is.
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
    pub(crate) unless_dirty: bool,
    pub(crate) idempotency: Option<IdempotencyKey>,
    /// The try of a step whose child it is.
    pub(crate) child: Option<StepOfRun>,
    pub(crate) entry: AuditEntry,
}

impl Start {
    /// An operation without more.
    pub(crate) fn plain(playground_id: i64, action: OperationAction, entry: AuditEntry) -> Self {
        Self {
            playground_id,
            action,
            revision: None,
            force: false,
            dry_run: false,
            unless_dirty: false,
            idempotency: None,
            child: None,
            entry,
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    Run(RunId),
    /// Of a destroy: it begins when the operation has ended that is cancelled for it.
    Later,
    /// The same request was answered before.
    Repeated,
}

/// Everything that an operation is made from.
pub(super) struct Sources {
    pub(super) row: PlaygroundRow,
    pub(super) room: PlayroomRow,
    pub(super) spec: PlayspecRow,
    pub(super) files: Vec<FileRow>,
}

/// An operation that has not ended, and what it does.
struct Busy(RunId, String);

/// Starts an operation if the playground's status allows it and no other one has to end before.
pub(crate) async fn start(app: &App, start: Start) -> Result<Started, Refusal> {
    let attempted = attempt(app, &start).await?;
    attempted.map_err(|Busy(run, action)| busy(&run.to_string(), &action))
}

/// Destroys a playground. An operation that has not ended is cancelled, and the destroy follows it.
pub(crate) async fn start_destroy(app: &App, start: Start) -> Result<Started, Refusal> {
    let mut cancelled = false;
    for _ in 0..TRIES {
        let Busy(run, action) = match attempt(app, &start).await? {
            Ok(started) => return Ok(started),
            // A loop starts it when that has ended.
            Err(_) if cancelled => return Ok(Started::Later),
            Err(busy) => busy,
        };
        let (id, entry) = (start.playground_id, start.entry.clone());
        let entry = entry.detail(format!(
            "destroy, when {action} {run} has ended, which is cancelled"
        ));
        let work =
            move |batch: &mut Batch<'_, '_>| playgrounds::destroy_after(batch, (id, run), &entry);
        // What no executor has begun has ended now.
        cancelled = app.store.write(work).await?;
    }
    Err(changed_meanwhile())
}

/// Whether nothing can keep a playground from being destroyed any more. Its expiry may find changes in its checkouts,
/// and keep it.
pub(crate) async fn is_being_destroyed(app: &App, row: &PlaygroundRow) -> Result<bool, Refusal> {
    let last = &row.last;
    if last.action != OperationAction::Destroy.as_str() || last.status.is_terminal() {
        return Ok(row.destroy_at.is_some());
    }
    let run = last.run;
    let input = app.store.read(move |read| store::runs::input(read, run));
    let input: OperationInput = serde_json::from_slice(&input.await?)
        .map_err(|_| Refusal::internal("the input of an operation cannot be read"))?;
    Ok(row.destroy_at.is_some() || !input.unless_dirty)
}

fn changed_meanwhile() -> Refusal {
    Refusal::conflict("the playground was changed at the same time: try again")
}

async fn attempt(app: &App, start: &Start) -> Result<Result<Started, Busy>, Refusal> {
    let id = start.playground_id;
    for _ in 0..TRIES {
        let read = move |read: &mut Read<'_, '_>| sources(read, id);
        let sources = app.store.read(read).await?;
        let sources = sources.ok_or_else(|| missing_playground(&id.to_string()))?;
        if let Some((key, hash)) = start.idempotency.clone() {
            let before = move |read: &mut Read<'_, '_>| playgrounds::repeated(read, (&key, &hash));
            if app.store.read(before).await?.is_some() {
                return Ok(Ok(Started::Repeated));
            }
        }
        let last = &sources.row.last;
        if !last.status.is_terminal() {
            return Ok(Err(Busy(last.run, last.action.clone())));
        }
        may_start(&sources.row, start)?;
        let operate = operate(app, &sources, start)?;
        let child = start.child.clone();
        let work = move |batch: &mut Batch<'_, '_>| operated(batch, &operate, child.as_ref());
        match app.store.write(work).await {
            Ok(Operated::Started(run)) => return Ok(Ok(Started::Run(run))),
            Ok(Operated::Repeated) => return Ok(Ok(Started::Repeated)),
            Ok(Operated::Missing) => return Err(missing_playground(&id.to_string())),
            // Something changed it meanwhile: its status may be another one.
            Ok(Operated::Changed) => {}
            Err(store::Error::Exclusive { run, .. }) => {
                return Ok(Err(Busy(run, "planning".to_owned())));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(changed_meanwhile())
}

/// Starts it, as the child of a step if it is to be one.
fn operated(
    batch: &mut Batch<'_, '_>,
    operate: &Operate,
    child: Option<&StepOfRun>,
) -> Result<Operated, store::Error> {
    let Some(StepOfRun { of, holder }) = child else {
        return playgrounds::operate(batch, operate);
    };
    let started = store::children::start(batch, *of, holder, |batch| {
        let operated = playgrounds::operate(batch, operate)?;
        let child = match operated {
            Operated::Started(run) => Some(run),
            _ => None,
        };
        Ok((child, operated))
    })?;
    Ok(match started {
        ChildStart::Known(run) => Operated::Started(run),
        ChildStart::Made(operated) => operated,
    })
}

pub(super) fn sources(read: &mut Read<'_, '_>, id: i64) -> Result<Option<Sources>, store::Error> {
    let Some(row) = playgrounds::find(read, id)? else {
        return Ok(None);
    };
    let missing =
        |what: &str| store::Error::Corrupt(format!("the {what} of playground {id} is gone"));
    let room = playgrounds::playroom(read, row.playroom_id)?;
    let spec = playgrounds::playspec(read, Some(row.playspec_id), "")?;
    Ok(Some(Sources {
        room: room.ok_or_else(|| missing("playroom"))?,
        spec: spec.ok_or_else(|| missing("playspec"))?,
        files: playgrounds::files(read, row.playspec_id)?,
        row,
    }))
}

/// Whether the status allows it.
fn may_start(row: &PlaygroundRow, start: &Start) -> Result<(), Refusal> {
    let (status, _) = loaded::status(row)?;
    let allowed = allowed(start.action);
    // Nothing comes before a destroy that was promised.
    let force_allowed = row.destroy_at.is_none();
    if (start.force && force_allowed) || allowed.contains(&status) {
        return Ok(());
    }
    let what = start.action.as_str();
    Err(invalid_state(what, status, allowed, force_allowed))
}

/// From which statuses an operation can be started.
pub(crate) fn allowed(action: OperationAction) -> &'static [P] {
    match action {
        OperationAction::Create | OperationAction::Rollout | OperationAction::HardRestart => {
            &[P::Running, P::HasChanges, P::Error]
        }
        OperationAction::Stop => &[P::Running, P::HasChanges, P::Error],
        OperationAction::Start => &[P::Stopped],
        OperationAction::Rollback => &[P::Running, P::HasChanges, P::Error, P::Stopped],
        OperationAction::Complete => &[P::Running],
        OperationAction::Destroy => &P::ALL,
        OperationAction::Exec => &[P::Running, P::HasChanges, P::Error],
    }
}

fn operate(app: &App, sources: &Sources, start: &Start) -> Result<Operate, Refusal> {
    let Sources {
        row,
        room,
        spec,
        files,
    } = sources;
    let (room_body, spec_body) = (RoomBody::of(room)?, SpecBody::of(spec)?);
    let wanted = Wanted::of(row)?;
    let mut submission = submission(
        app,
        OperationRequest {
            action: start.action,
            id: row.id,
            name: &row.name,
            project: &row.project,
            job_mode: row.job_mode,
            persists: row.persists,
            room: (room, &room_body),
            spec: (spec, &spec_body),
            files,
            wanted: &wanted,
            version: row.wanted,
            sealed: &row.sealed,
            revision: start.revision,
            dry_run: start.dry_run,
            unless_dirty: start.unless_dirty,
            command: None,
        },
    );
    submission.run.parent = start.child.as_ref().map(|child| child.of.run);
    let now = app.now_ms();
    let detail = match start.dry_run {
        true => format!("{}, only planned: {}", start.action.as_str(), row.name),
        false => format!("{}: {}", start.action.as_str(), row.name),
    };
    let entry = detailed(start.entry.clone(), &detail);
    Ok(Operate {
        playground_id: row.id,
        version: row.version,
        action: start.action.as_str(),
        plans: start.dry_run,
        idempotency: start.idempotency.clone(),
        submit: Submit {
            entry: Some(Box::new(entry)),
            ..Submit::new([submission], app.aging_step_ms(), now)
        },
    })
}

/// An entry with a detail before the one that it has.
pub(super) fn detailed(entry: AuditEntry, detail: &str) -> AuditEntry {
    let detail = match entry.detail.is_empty() {
        true => detail.to_owned(),
        false => format!("{detail}; {}", entry.detail),
    };
    entry.detail(detail)
}
