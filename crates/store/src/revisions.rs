//! Revisions of playbooks: every text that was listed, started or written, by its hash, and what its files were
//! marked as.

use crate::{
    Batch, Error, Read,
    driver::{Row, args},
};

/// A text of a playbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Where it is in the library.
    pub path: String,
    /// SHA-256 of the text, in hexadecimal.
    pub hash: String,
    /// The text.
    pub text: String,
}

/// That a playbook had a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRow {
    /// SHA-256 of the text, in hexadecimal.
    pub hash: String,
    /// Since when it was the newest one there, the last time that it was; epoch milliseconds.
    pub seen_at: i64,
}

/// Keeps revisions. One that is there again after another is the newest once more.
pub fn keep(batch: &mut Batch<'_, '_>, revisions: &[Revision], now: i64) -> Result<(), Error> {
    const TEXT: &str = "INSERT INTO playbook_texts (hash, body) VALUES ($1, $2)
        ON CONFLICT (hash) DO NOTHING";
    const SEEN: &str = "INSERT INTO playbook_revisions (path, hash, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (path, hash) DO UPDATE SET seen_at = excluded.seen_at
        WHERE playbook_revisions.seen_at < (SELECT max(newer.seen_at) FROM playbook_revisions AS newer
            WHERE newer.path = excluded.path)";
    for revision in revisions {
        let Revision { path, hash, text } = revision;
        batch.tx.exec(TEXT, args![hash, text.as_bytes()])?;
        batch.tx.exec(SEEN, args![path, hash, now])?;
    }
    Ok(())
}

/// The revisions of a playbook, newest first.
pub fn of_path(read: &mut Read<'_, '_>, path: &str) -> Result<Vec<RevisionRow>, Error> {
    const LIST: &str = "SELECT hash, seen_at FROM playbook_revisions WHERE path = $1
        ORDER BY seen_at DESC, hash";
    read.tx.all(LIST, args![path], |row| {
        Ok(RevisionRow {
            hash: row.text(0)?,
            seen_at: row.int(1)?,
        })
    })
}

/// The text of a revision.
pub fn text(read: &mut Read<'_, '_>, hash: &str) -> Result<Option<Vec<u8>>, Error> {
    const TEXT: &str = "SELECT body FROM playbook_texts WHERE hash = $1";
    read.tx.first(TEXT, args![hash], |row| row.bytes(0))
}

/// What people marked a playbook as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarksRow {
    /// Since when it is verified, whatever its file says, epoch milliseconds.
    pub verified_at: Option<i64>,
    /// Since when it is not verified, whatever its file says, epoch milliseconds.
    pub unverified_at: Option<i64>,
    /// Since when it cannot be started, epoch milliseconds.
    pub disabled_at: Option<i64>,
}

/// A mark of a playbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is verified, whatever its file says.
    Verified,
    /// It is not verified, whatever its file says.
    Unverified,
    /// It can be started.
    Enabled,
    /// It cannot be started.
    Disabled,
}

/// Marks a playbook.
pub fn mark(batch: &mut Batch<'_, '_>, path: &str, mark: Mark, now: i64) -> Result<(), Error> {
    const SEED: &str =
        "INSERT INTO playbook_marks (path) VALUES ($1) ON CONFLICT (path) DO NOTHING";
    const VERIFIED: &str = "UPDATE playbook_marks SET verified_at = $2, unverified_at = NULL
        WHERE path = $1";
    const UNVERIFIED: &str = "UPDATE playbook_marks SET verified_at = NULL, unverified_at = $2
        WHERE path = $1";
    const DISABLED: &str = "UPDATE playbook_marks SET disabled_at = $2 WHERE path = $1";
    batch.tx.exec(SEED, args![path])?;
    let (sql, at) = match mark {
        Mark::Verified => (VERIFIED, Some(now)),
        Mark::Unverified => (UNVERIFIED, Some(now)),
        Mark::Enabled => (DISABLED, None),
        Mark::Disabled => (DISABLED, Some(now)),
    };
    batch.tx.exec(sql, args![path, at]).map(drop)
}

/// The marks of all playbooks that have some, by path.
pub fn marks(read: &mut Read<'_, '_>) -> Result<Vec<(String, MarksRow)>, Error> {
    const ALL: &str = "SELECT path, verified_at, unverified_at, disabled_at FROM playbook_marks";
    read.tx
        .all(ALL, args![], |row| Ok((row.text(0)?, marks_row(row)?)))
}

/// The marks of one playbook.
pub fn marks_of(read: &mut Read<'_, '_>, path: &str) -> Result<MarksRow, Error> {
    const ONE: &str = "SELECT path, verified_at, unverified_at, disabled_at FROM playbook_marks
        WHERE path = $1";
    Ok(read
        .tx
        .first(ONE, args![path], marks_row)?
        .unwrap_or_default())
}

/// Removes the marks of one playbook, or of all.
pub fn unmark(batch: &mut Batch<'_, '_>, path: Option<&str>) -> Result<(), Error> {
    const ONE: &str = "DELETE FROM playbook_marks WHERE path = $1";
    const ALL: &str = "DELETE FROM playbook_marks";
    match path {
        Some(path) => batch.tx.exec(ONE, args![path]),
        None => batch.tx.exec(ALL, args![]),
    }
    .map(drop)
}

fn marks_row(row: &Row<'_>) -> Result<MarksRow, Error> {
    Ok(MarksRow {
        verified_at: row.opt_int(1)?,
        unverified_at: row.opt_int(2)?,
        disabled_at: row.opt_int(3)?,
    })
}
