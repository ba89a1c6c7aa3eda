//! The rows of parts and states, and how they are read.

use engine::{RunId, Stage};

use crate::{
    Error, Read,
    driver::{Row, Tx, args},
};

/// Selects what [`read_part`] takes.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT number, name, path, stage, attempt, tries, started_at, ended_at, body \
             FROM parts WHERE run_id = $1 AND ",
            $condition
        )
    };
}
pub(super) use select;

/// Selects what [`read_part_within`] takes; `$4` is the length of the longest body.
macro_rules! select_within {
    ($condition:literal) => {
        concat!(
            "SELECT number, name, path, stage, attempt, tries, started_at, ended_at,
             CASE WHEN CAST(length(body) AS BIGINT) <= $4 THEN body END
             FROM parts WHERE run_id = $1 AND ",
            $condition
        )
    };
}

/// A part as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// Its number, from 1.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// The path of the part that it belongs to; empty at the top.
    pub path: String,
    /// Where it stands.
    pub stage: Stage,
    /// The attempt that reported it last.
    pub attempt: i64,
    /// See `PartReport`.
    pub tries: i64,
    /// Epoch milliseconds.
    pub started_at: i64,
    /// Epoch milliseconds.
    pub ended_at: Option<i64>,
    /// What belongs to it.
    pub body: Vec<u8>,
}

/// Up to `limit` parts of a run after number `after`, in order.
pub fn parts(
    read: &mut Read<'_, '_>,
    id: RunId,
    after: i64,
    limit: i64,
) -> Result<Vec<PartRow>, Error> {
    const PARTS: &str = select!("number > $2 ORDER BY number LIMIT $3");
    read.tx.all(PARTS, args![&id, after, limit], read_part)
}

/// As [`parts`], without the bodies that are longer than `longest` bytes: nothing is read of them, and they are
/// empty.
///
/// # Errors
/// The database's.
pub fn parts_within(
    read: &mut Read<'_, '_>,
    id: RunId,
    after: i64,
    limit: i64,
    longest: i64,
) -> Result<Vec<PartRow>, Error> {
    const PARTS: &str = select_within!("number > $2 ORDER BY number LIMIT $3");
    let args = args![&id, after, limit, longest];
    read.tx.all(PARTS, args, read_part_within)
}

/// The last `limit` parts of a run, in order, without the bodies that are longer than `longest` bytes.
///
/// # Errors
/// The database's.
pub fn last_parts_within(
    read: &mut Read<'_, '_>,
    id: RunId,
    limit: i64,
    longest: i64,
) -> Result<Vec<PartRow>, Error> {
    const LAST: &str = select_within!("number > $2 ORDER BY number DESC LIMIT $3");
    let args = args![&id, 0_i64, limit, longest];
    let mut parts = read.tx.all(LAST, args, read_part_within)?;
    parts.reverse();
    Ok(parts)
}

/// How many parts of a run are at each stage.
pub fn part_counts(read: &mut Read<'_, '_>, id: RunId) -> Result<Vec<(Stage, i64)>, Error> {
    const COUNTS: &str = "SELECT stage, COUNT(*) FROM parts WHERE run_id = $1 GROUP BY stage";
    read.tx
        .all(COUNTS, args![&id], |row| Ok((row.name(0)?, row.int(1)?)))
}

/// The last `limit` parts of a run, in order.
///
/// # Errors
/// The database's.
pub fn last_parts(read: &mut Read<'_, '_>, id: RunId, limit: i64) -> Result<Vec<PartRow>, Error> {
    const LAST: &str = select!("number > 0 ORDER BY number DESC LIMIT $2");
    let mut parts = read.tx.all(LAST, args![&id, limit], read_part)?;
    parts.reverse();
    Ok(parts)
}

/// A part at the top: its number, its name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopPart {
    /// Its number, from 1.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub stage: Stage,
}

/// The parts of a run that belong to no other part, in order, without their bodies.
pub fn top_parts(read: &mut Read<'_, '_>, id: RunId) -> Result<Vec<TopPart>, Error> {
    const TOP: &str = "SELECT number, name, stage FROM parts WHERE run_id = $1 AND path = ''
        ORDER BY number";
    read.tx.all(TOP, args![&id], |row| {
        Ok(TopPart {
            number: row.int(0)?,
            name: row.text(1)?,
            stage: row.name(2)?,
        })
    })
}

/// The number of a run's newest part; 0 without any.
pub fn newest_part(read: &mut Read<'_, '_>, id: RunId) -> Result<i64, Error> {
    const NEWEST: &str = "SELECT number FROM parts WHERE run_id = $1 ORDER BY number DESC LIMIT 1";
    let newest = read.tx.first(NEWEST, args![&id], |row| row.int(0))?;
    Ok(newest.unwrap_or(0))
}

/// The parts of a run that have started and not ended.
pub fn open_parts(read: &mut Read<'_, '_>, id: RunId) -> Result<Vec<PartRow>, Error> {
    const OPEN: &str = select!("ended_at IS NULL ORDER BY number");
    read.tx.all(OPEN, args![&id], read_part)
}

/// The state of a run's work, if its holders left one.
pub fn state(read: &mut Read<'_, '_>, id: RunId) -> Result<Option<Vec<u8>>, Error> {
    state_of(read.tx, id)
}

pub(super) fn state_of(tx: &mut Tx<'_>, id: RunId) -> Result<Option<Vec<u8>>, Error> {
    const FIND: &str = "SELECT body FROM states WHERE run_id = $1";
    tx.first(FIND, args![&id], |row| row.bytes(0))
}

pub(super) fn write_state(tx: &mut Tx<'_>, id: RunId, body: &[u8]) -> Result<(), Error> {
    const WRITE: &str = "INSERT INTO states (run_id, body) VALUES ($1, $2)
        ON CONFLICT (run_id) DO UPDATE SET body = excluded.body";
    tx.exec(WRITE, args![&id, body]).map(drop)
}

pub(super) fn read_part(row: &Row<'_>) -> Result<PartRow, Error> {
    let body = row.bytes(8)?;
    with_body(row, body)
}

fn read_part_within(row: &Row<'_>) -> Result<PartRow, Error> {
    let body = row.opt_bytes(8)?;
    with_body(row, body.unwrap_or_default())
}

fn with_body(row: &Row<'_>, body: Vec<u8>) -> Result<PartRow, Error> {
    Ok(PartRow {
        number: row.int(0)?,
        name: row.text(1)?,
        path: row.text(2)?,
        stage: row.name(3)?,
        attempt: row.int(4)?,
        tries: row.int(5)?,
        started_at: row.int(6)?,
        ended_at: row.opt_int(7)?,
        body,
    })
}
