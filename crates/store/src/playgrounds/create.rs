//! Playgrounds come into being, each with the operation that provisions it.

use super::{next_number, operate::exclusive_key, secrets::keep_generated};
use crate::{
    Batch, Error, IdempotencyKey, Read,
    driver::args,
    idempotency,
    runs::{self, Submit},
};

/// A playground to be made.
#[derive(Clone, Debug)]
pub struct NewPlayground {
    /// An id of [`next_id`].
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its Compose project.
    pub project: String,
    /// Its playspec.
    pub playspec_id: i64,
    /// Its playroom.
    pub playroom_id: i64,
    /// Whether it runs until its watched services exit.
    pub job_mode: bool,
    /// Whether its volumes outlive it.
    pub persists: bool,
    /// What is wanted.
    pub body: Vec<u8>,
    /// The values of its environment, sealed.
    pub sealed: Vec<u8>,
    /// When its time is over, epoch milliseconds.
    pub expires_at: Option<i64>,
    /// Generated values, sealed, by their names.
    pub secrets: Vec<(String, Vec<u8>)>,
    /// The caller's key for the request.
    pub idempotency: Option<IdempotencyKey>,
    /// At most so many playgrounds, and so many in its playroom.
    pub most: (i64, i64),
    /// The operation that provisions it; it is the only run.
    pub submit: Submit,
}

/// What making one came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there, and its operation is queued.
    Made,
    /// The same request made this one before.
    Repeated(i64),
    /// This one has the name.
    NameTaken(i64),
    /// This one has the volumes of the playspec in the playroom.
    VolumesTaken(i64),
    /// There are as many as there may be: in all, or in the playroom.
    TooMany {
        /// Whether it is the playroom that is full.
        in_playroom: bool,
    },
    /// The playspec or the playroom is gone.
    Missing,
}

/// An id for a playground that is to be made.
pub fn next_id(batch: &mut Batch<'_, '_>) -> Result<i64, Error> {
    next_number(batch, "playground")
}

/// The playground that a request with this key was about before.
///
/// # Errors
/// [`Error::KeyReused`], or the database's.
pub fn repeated(read: &mut Read<'_, '_>, (key, hash): (&str, &[u8])) -> Result<Option<i64>, Error> {
    let before = idempotency::recall(read.tx, key, hash)?;
    before
        .map(|answer| answer.and_then(|bytes| unpacked(&bytes)))
        .transpose()
}

/// Makes a playground and submits its operation, both or neither.
///
/// # Errors
/// [`Error::KeyReused`], or the database's.
pub fn create(batch: &mut Batch<'_, '_>, new: &NewPlayground) -> Result<Created, Error> {
    const INSERT: &str = "INSERT INTO playgrounds (id, name, project, playspec_id, playroom_id,
        job_mode, persists, body, sealed, version, wanted, expires_at, life_from, last_run,
        last_action, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 1, $10, $11, $12, 'create', $11, $11)";
    if let Some((key, hash)) = &new.idempotency
        && let Some(before) = repeated(&mut batch.read(), (key, hash))?
    {
        return Ok(Created::Repeated(before));
    }
    if let Some(refused) = refused(batch, new)? {
        return Ok(refused);
    }
    let now = new.submit.now;
    if let Some(before) = remember(batch, new.idempotency.as_ref(), new.id, now)? {
        return Ok(Created::Repeated(before));
    }
    let none = || Error::Corrupt("a submit was not answered".to_owned());
    let submitted = runs::submit_all(batch, &[&new.submit])?.pop();
    let run = *submitted.ok_or_else(none)??.ids.first().ok_or_else(none)?;
    batch.tx.exec(
        INSERT,
        args![
            new.id,
            &new.name,
            &new.project,
            new.playspec_id,
            new.playroom_id,
            i64::from(new.job_mode),
            i64::from(new.persists),
            &new.body,
            &new.sealed,
            new.expires_at,
            now,
            &run
        ],
    )?;
    keep_generated(batch, new.id, &new.secrets, now)?;
    let data = serde_json::json!({"id": new.id, "name": new.name, "run_id": run.to_string()});
    batch.tell("playground", "playground.created", &data, now);
    Ok(Created::Made)
}

/// Why it cannot be made, if it cannot.
fn refused(batch: &mut Batch<'_, '_>, new: &NewPlayground) -> Result<Option<Created>, Error> {
    const SPEC: &str = "SELECT id FROM playspecs WHERE id = $1 {lock}";
    const ROOM: &str = "SELECT id FROM playrooms WHERE id = $1 {lock}";
    const NAMED: &str = "SELECT id FROM playgrounds WHERE name = $1";
    const PERSISTS: &str = "SELECT id FROM playgrounds
        WHERE playspec_id = $1 AND playroom_id = $2 AND persists = 1 LIMIT 1";
    const COUNT: &str = "SELECT COUNT(*) FROM playgrounds";
    const IN_ROOM: &str = "SELECT COUNT(*) FROM playgrounds WHERE playroom_id = $1";
    // Neither goes, and no other one is counted, until the end of the transaction.
    let spec = batch
        .tx
        .first(SPEC, args![new.playspec_id], |row| row.int(0))?;
    let room = batch
        .tx
        .first(ROOM, args![new.playroom_id], |row| row.int(0))?;
    if spec.is_none() || room.is_none() {
        return Ok(Some(Created::Missing));
    }
    let named = batch.tx.first(NAMED, args![&new.name], |row| row.int(0))?;
    if let Some(other) = named {
        return Ok(Some(Created::NameTaken(other)));
    }
    if new.persists {
        let args = args![new.playspec_id, new.playroom_id];
        if let Some(other) = batch.tx.first(PERSISTS, args, |row| row.int(0))? {
            return Ok(Some(Created::VolumesTaken(other)));
        }
    }
    let (all, in_room) = new.most;
    let count = batch.tx.first(COUNT, args![], |row| row.int(0))?;
    if count.unwrap_or(0) >= all {
        return Ok(Some(Created::TooMany { in_playroom: false }));
    }
    let count = batch
        .tx
        .first(IN_ROOM, args![new.playroom_id], |row| row.int(0))?;
    Ok((count.unwrap_or(0) >= in_room).then_some(Created::TooMany { in_playroom: true }))
}

/// Writes the key of a request down; answers what a request with it was about before.
pub(super) fn remember(
    batch: &mut Batch<'_, '_>,
    key: Option<&IdempotencyKey>,
    id: i64,
    now: i64,
) -> Result<Option<i64>, Error> {
    let Some((key, hash)) = key else {
        return Ok(None);
    };
    match idempotency::remember(batch.tx, (key, hash), &packed(id), now)? {
        Some(before) => unpacked(&before?).map(Some),
        None => Ok(None),
    }
}

/// An id as it stands under a key.
pub(super) fn packed(id: i64) -> Vec<u8> {
    id.to_string().into_bytes()
}

/// Reads it.
pub(super) fn unpacked(bytes: &[u8]) -> Result<i64, Error> {
    let text = std::str::from_utf8(bytes).ok();
    let id = text.and_then(|text| text.parse().ok());
    id.ok_or_else(|| Error::Corrupt("an idempotency key has no id".to_owned()))
}

/// Makes sure that a submit is one operation of this playground.
pub(super) fn is_of(submit: &Submit, id: i64) -> bool {
    let key = exclusive_key(id);
    matches!(&submit.runs[..], [one] if one.run.exclusive_key.as_deref() == Some(key.as_str()))
}
