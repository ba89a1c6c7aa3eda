//! Who performs runs: when they were heard of, what they can do, what they hold.

use std::collections::{BTreeMap, HashMap};

use engine::RunId;

use crate::{
    Batch, Error, Read,
    driver::{Tx, Value, args},
    retention::Swept,
};

/// An executor that does nothing but ask is written down this often.
const NOTE_EVERY_MS: i64 = 1_000;
/// Executors that one call forgets at most.
const FORGOTTEN: i64 = 1_000;
/// Names that a writer remembers at most.
const NOTED_NAMES: usize = 10_000;

/// What one batch heard of an executor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) ip: String,
    pub(crate) at: i64,
    pub(crate) completed: i64,
}

impl Seen {
    pub(crate) fn merge(&mut self, other: Self) {
        if !other.ip.is_empty() {
            self.ip = other.ip;
        }
        self.at = self.at.max(other.at);
        self.completed += other.completed;
    }
}

/// When each executor was last written down by this writer.
pub(crate) type Noted = HashMap<String, i64>;

/// Writes down who was heard of, at most once a second unless there is something to count.
pub(crate) fn write_seen(
    tx: &mut Tx<'_>,
    seen: &BTreeMap<String, Seen>,
    noted: &mut Noted,
) -> Result<(), Error> {
    const NOTE: &str = "INSERT INTO executors (name, ip, seen_at, completed)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE SET
        ip = CASE WHEN excluded.ip = '' THEN executors.ip ELSE excluded.ip END,
        seen_at = excluded.seen_at, completed = executors.completed + excluded.completed";
    // The names come from outside: there may be any number of them.
    if noted.len() >= NOTED_NAMES {
        noted.clear();
    }
    let mut rows: Vec<[Value<'_>; 4]> = Vec::new();
    for (name, seen) in seen {
        let last = noted.get(name).copied().unwrap_or(i64::MIN);
        if seen.completed > 0 || seen.at.saturating_sub(last) >= NOTE_EVERY_MS {
            noted.insert(name.clone(), seen.at);
            rows.push([
                name.into(),
                (&seen.ip).into(),
                seen.at.into(),
                seen.completed.into(),
            ]);
        }
    }
    tx.exec_many(NOTE, &rows).map(drop)
}

/// Whether an executor has registered under this name. One that only claims hears no questions.
///
/// # Errors
/// The database's.
pub fn is_registered(read: &mut Read<'_, '_>, name: &str) -> Result<bool, Error> {
    const REGISTERED: &str =
        "SELECT seen_at FROM executors WHERE name = $1 AND registration IS NOT NULL";
    let seen = read.tx.first(REGISTERED, args![name], |row| row.int(0))?;
    Ok(seen.is_some())
}

/// What an executor says of itself.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    /// Its name.
    pub name: String,
    /// The address that it gives.
    pub ip: String,
    /// All that it can do, opaque here.
    pub registration: Vec<u8>,
    /// What a run may need and it has, such as plugins: names without commas.
    pub capabilities: Vec<String>,
    /// Epoch milliseconds.
    pub now: i64,
}

/// Notes what an executor can do.
pub fn register(batch: &mut Batch<'_, '_>, row: &Registered) -> Result<(), Error> {
    const REGISTER: &str = "INSERT INTO executors
        (name, ip, seen_at, completed, registration, capabilities) VALUES ($1, $2, $3, 0, $4, $5)
        ON CONFLICT (name) DO UPDATE SET ip = excluded.ip, seen_at = excluded.seen_at,
        registration = excluded.registration, capabilities = excluded.capabilities";
    let capabilities = row.capabilities.join(",");
    let args = args![
        &row.name,
        &row.ip,
        row.now,
        &row.registration,
        &capabilities
    ];
    batch.tx.exec(REGISTER, args).map(drop)
}

/// What this executor has that a run may need, as it registered it.
pub fn capabilities(read: &mut Read<'_, '_>, name: &str) -> Result<Vec<String>, Error> {
    const CAPABILITIES: &str = "SELECT capabilities FROM executors WHERE name = $1";
    let names = read
        .tx
        .first(CAPABILITIES, args![name], |row| row.text(0))?
        .unwrap_or_default();
    let names = names.split(',').filter(|name| !name.is_empty());
    Ok(names.map(str::to_owned).collect())
}

/// What executors have that runs may need, of each that was heard of since `since`.
///
/// # Errors
/// The database's.
pub fn capabilities_of_all(read: &mut Read<'_, '_>, since: i64) -> Result<Vec<Vec<String>>, Error> {
    const CAPABILITIES: &str = "SELECT capabilities FROM executors
        WHERE seen_at >= $1 AND registration IS NOT NULL";
    let all = read.tx.all(CAPABILITIES, args![since], |row| row.text(0))?;
    let words = |names: String| names.split(',').map(str::to_owned).collect();
    Ok(all.into_iter().map(words).collect())
}

/// What executors registered that were heard of since `since`, by name.
pub fn registrations(read: &mut Read<'_, '_>, since: i64) -> Result<Vec<(String, Vec<u8>)>, Error> {
    const REGISTERED: &str = "SELECT name, registration FROM executors
        WHERE seen_at >= $1 AND registration IS NOT NULL ORDER BY name";
    read.tx.all(REGISTERED, args![since], |row| {
        Ok((row.text(0)?, row.bytes(1)?))
    })
}

/// An executor and what it holds.
#[derive(Clone, Debug)]
pub struct Executor {
    /// Its name for itself.
    pub name: String,
    /// The address that it gave.
    pub ip: String,
    /// When it was last heard of, epoch milliseconds.
    pub seen_at: i64,
    /// How many runs it completed.
    pub completed: i64,
    /// What it registered, if it did.
    pub registration: Option<Vec<u8>>,
    /// The runs that it holds, oldest first, with their names.
    pub holds: Vec<(RunId, String)>,
}

/// How many executors were heard of since `since`, or hold a run.
pub fn count(read: &mut Read<'_, '_>, since: i64) -> Result<i64, Error> {
    const COUNT: &str = "SELECT COUNT(*) FROM executors
        WHERE seen_at >= $1 OR name IN (SELECT executor FROM runs WHERE status = 'running')";
    let count = read.tx.first(COUNT, args![since], |row| row.int(0))?;
    Ok(count.unwrap_or(0))
}

/// Executors that were heard of since `since`, or hold a run; by name.
pub fn list(read: &mut Read<'_, '_>, since: i64) -> Result<Vec<Executor>, Error> {
    const EXECUTORS: &str = "SELECT name, ip, seen_at, completed, registration FROM executors
        WHERE seen_at >= $1 OR name IN (SELECT executor FROM runs WHERE status = 'running')
        ORDER BY name";
    const HELD: &str = "SELECT executor, id, name FROM runs WHERE status = 'running' ORDER BY id";
    let mut held: HashMap<String, Vec<(RunId, String)>> = HashMap::new();
    for (executor, id, name) in read.tx.all(HELD, args![], |row| {
        Ok((row.text(0)?, row.run_id(1)?, row.text(2)?))
    })? {
        held.entry(executor).or_default().push((id, name));
    }
    let executors = read.tx.all(EXECUTORS, args![since], |row| {
        Ok(Executor {
            name: row.text(0)?,
            ip: row.text(1)?,
            seen_at: row.int(2)?,
            completed: row.int(3)?,
            registration: row.opt_bytes(4)?,
            holds: Vec::new(),
        })
    })?;
    Ok(executors
        .into_iter()
        .map(|executor| {
            let holds = held.remove(&executor.name).unwrap_or_default();
            Executor { holds, ..executor }
        })
        .collect())
}

/// Forgets executors that were not heard of since `before` and hold nothing.
pub fn forget(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    // One that is heard of meanwhile stays.
    const FORGET: &str = "DELETE FROM executors WHERE seen_at < $1 AND name IN
        (SELECT name FROM executors WHERE seen_at < $1
        AND name NOT IN (SELECT executor FROM runs WHERE status = 'running') LIMIT $2)";
    let deleted = batch.tx.exec(FORGET, args![before, FORGOTTEN])?;
    Ok(Swept {
        deleted,
        more: i64::try_from(deleted) == Ok(FORGOTTEN),
    })
}

/// Whether an executor was heard of since `since`, or holds a run.
pub fn is_at_work(batch: &mut Batch<'_, '_>, name: &str, since: i64) -> Result<bool, Error> {
    const AT_WORK: &str = "SELECT name FROM executors WHERE name = $1 AND (seen_at >= $2
        OR name IN (SELECT executor FROM runs WHERE status = 'running'))";
    let found = batch
        .tx
        .first(AT_WORK, args![name, since], |row| row.text(0))?;
    Ok(found.is_some())
}

/// Whether an executor holds a run.
pub fn holds(read: &mut Read<'_, '_>, name: &str, run: RunId) -> Result<bool, Error> {
    const HOLDS: &str = "SELECT token FROM runs
        WHERE id = $1 AND status = 'running' AND executor = $2";
    let held = read.tx.first(HOLDS, args![&run, name], |row| row.int(0))?;
    Ok(held.is_some())
}

/// Whether an executor holds a run that names this upload.
///
/// # Errors
/// The database's.
pub fn holds_blob(read: &mut Read<'_, '_>, name: &str, sha256: &str) -> Result<bool, Error> {
    // The runs that are under way are fewer than those that name an upload.
    const HOLDS: &str = "SELECT runs.token FROM runs JOIN run_blobs ON run_blobs.run_id = runs.id
        WHERE runs.status = 'running' AND runs.executor = $1 AND run_blobs.sha256 = $2
        LIMIT 1";
    let held = read
        .tx
        .first(HOLDS, args![name, sha256], |row| row.int(0))?;
    Ok(held.is_some())
}
