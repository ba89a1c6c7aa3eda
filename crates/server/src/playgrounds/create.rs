//! Playgrounds to be made: what is wanted, checked, as a row with the operation that provisions it.

use playground::project::project_name;
use store::{
    Batch, IdempotencyKey, Read,
    audit::{AuditEntry, Target},
    playgrounds::{self, Created, FileRow, PlayroomRow, PlayspecRow},
    runs::Submit,
};
use wire::{
    executors::operations::OperationAction,
    playgrounds::{IdOrName, NewPlayground},
};

use super::{
    FieldErrors, GENERATED_PASSWORD, LIFETIMES, OperationRequest, RoomBody, SpecBody, Wanted,
    WantedEnvironment, WantedHosts, checked_name, invalid, missing_playground, quota_exceeded,
    requested_expiry, rooms::room_of, start::detailed, submission,
};
use crate::{app::App, refusal::Refusal};

/// Playgrounds at most, and of those so many in one playroom.
const MOST: (i64, i64) = (1_000, 100);
const PASSWORD_LENGTH: usize = 24;

/// A playground whose fields are right.
struct CheckedPlayground {
    name: String,
    room: PlayroomRow,
    spec: PlayspecRow,
    spec_body: SpecBody,
    files: Vec<FileRow>,
    job_mode: bool,
    expires_at: Option<i64>,
    wanted: Wanted,
    environment: WantedEnvironment,
}

async fn checked(
    app: &App,
    mut new: NewPlayground,
) -> Result<(CheckedPlayground, WantedHosts), Refusal> {
    let mut errors = FieldErrors::default();
    let name = new.name.take().unwrap_or_default();
    errors.note("name", checked_name(&name));
    let job_mode = new.job_mode.unwrap_or(false);
    let now = app.now_ms();
    let requested = requested_expiry(&new.life, now, &mut errors);
    let spec = spec_of(app, new.playspec_id.as_ref(), &mut errors).await?;
    let room = room_of(app, new.playroom_id.as_ref(), &mut errors).await?;
    let (wanted, environment) = Wanted::new(new);
    let body = spec
        .as_ref()
        .map(|(row, _)| SpecBody::of(row))
        .transpose()?;
    let known = body.as_ref().and_then(SpecBody::known_services);
    wanted.check(known.as_ref(), &mut errors);
    environment.check(body.as_ref(), &mut errors);
    let mut hosts = None;
    if let (Some(body), Some(room)) = (&body, &room) {
        let of = (body, &wanted, job_mode);
        let hosts = hosts.insert(WantedHosts::of((None, room.id), of, &mut errors));
        hosts.note_conflicts(app, &mut errors).await?;
    }
    errors.refuse()?;
    // All are there when nothing is wrong.
    let missing = || Refusal::internal("a field was not checked");
    let (spec, files) = spec.ok_or_else(missing)?;
    let checked = CheckedPlayground {
        name,
        room: room.ok_or_else(missing)?,
        spec,
        spec_body: body.ok_or_else(missing)?,
        files,
        job_mode,
        expires_at: LIFETIMES.expires_at(requested, job_mode, now),
        wanted,
        environment,
    };
    Ok((checked, hosts.ok_or_else(missing)?))
}

/// The playspec that is named, with its files.
pub(crate) async fn spec_of(
    app: &App,
    named: Option<&IdOrName>,
    errors: &mut FieldErrors,
) -> Result<Option<(PlayspecRow, Vec<FileRow>)>, Refusal> {
    let Some(named) = named.cloned() else {
        errors.add("playspec_id", "can't be blank");
        return Ok(None);
    };
    let read = move |read: &mut Read<'_, '_>| {
        let Some(row) = playgrounds::playspec(read, named.id(), &named.0)? else {
            return Ok(None);
        };
        let files = playgrounds::files(read, row.id)?;
        Ok(Some((row, files)))
    };
    let found = app.store.read(read).await?;
    if found.is_none() {
        errors.add("playspec_id", "must exist");
    }
    Ok(found)
}

/// A playground to be made, with an id of its own, and the operation that provisions it.
pub(crate) async fn new_row(
    app: &App,
    new: NewPlayground,
    idempotency: Option<IdempotencyKey>,
    entry: AuditEntry,
) -> Result<(playgrounds::NewPlayground, WantedHosts), Refusal> {
    let (checked, hosts) = checked(app, new).await?;
    let id = app.store.write(playgrounds::next_id).await?;
    let sealer = app.vault.sealer(&app.store).await?;
    let sealed = sealer.seal_of_playground(id, &checked.environment);
    let password = sealer.seal_of_playground(id, &password());
    let project = project_name(id, &checked.name);
    let room_body = RoomBody::of(&checked.room)?;
    let submission = submission(
        app,
        OperationRequest {
            action: OperationAction::Create,
            id,
            name: &checked.name,
            project: &project,
            job_mode: checked.job_mode,
            persists: checked.spec_body.persist_volumes,
            room: (&checked.room, &room_body),
            spec: (&checked.spec, &checked.spec_body),
            files: &checked.files,
            wanted: &checked.wanted,
            version: 1,
            sealed: &sealed,
            revision: None,
            dry_run: false,
            unless_dirty: false,
            command: None,
        },
    );
    let entry = entry.on(Target::one("playground", id.to_string()));
    let entry = detailed(entry, &checked.name);
    let new = playgrounds::NewPlayground {
        id,
        project,
        playspec_id: checked.spec.id,
        playroom_id: checked.room.id,
        job_mode: checked.job_mode,
        persists: checked.spec_body.persist_volumes,
        body: checked.wanted.encode(),
        sealed,
        expires_at: checked.expires_at,
        secrets: vec![(GENERATED_PASSWORD.to_owned(), password)],
        idempotency,
        most: MOST,
        submit: Submit {
            entry: Some(Box::new(entry)),
            ..Submit::new([submission], app.aging_step_ms(), app.now_ms())
        },
        name: checked.name,
    };
    Ok((new, hosts))
}

/// Writes it, unless another playground has taken one of its hosts meanwhile.
pub(crate) fn created(
    batch: &mut Batch<'_, '_>,
    new: &playgrounds::NewPlayground,
    hosts: &WantedHosts,
) -> Result<Result<Created, Refusal>, store::Error> {
    if let Some((key, hash)) = &new.idempotency
        && let Some(before) = playgrounds::repeated(&mut batch.read(), (key, hash))?
    {
        return Ok(Ok(Created::Repeated(before)));
    }
    match hosts.refused(batch)? {
        Some(refusal) => Ok(Err(refusal)),
        None => playgrounds::create(batch, new).map(Ok),
    }
}

/// Letters and digits.
fn password() -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut password = String::with_capacity(PASSWORD_LENGTH);
    while password.len() < PASSWORD_LENGTH {
        // Bytes beyond the last whole round would make some letters more likely.
        let byte = usize::from(rand::random::<u8>());
        if byte < 256 / LETTERS.len() * LETTERS.len() {
            password.push(char::from(LETTERS[byte % LETTERS.len()]));
        }
    }
    password
}

/// Why one was not made.
pub(crate) fn not_made(refused: &Created, name: &str) -> Refusal {
    match refused {
        Created::NameTaken(other) => invalid(
            "name",
            format!("has already been taken by playground {other}"),
        ),
        Created::VolumesTaken(other) => invalid(
            "playspec_id",
            format!("persists its volumes, and playground {other} has them in this playroom"),
        ),
        Created::TooMany { in_playroom: true } => {
            quota_exceeded("playgrounds in the playroom", MOST.1)
        }
        Created::TooMany { in_playroom: false } => quota_exceeded("playgrounds", MOST.0),
        Created::Missing | Created::Made | Created::Repeated(_) => missing_playground(name),
    }
}
