//! The row of a playground, and how it is read.

use engine::{RunId, Status};

use crate::{
    Error, Read,
    driver::{Row, args},
};

/// Selects what [`read_row`] takes.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.name, p.project, p.playspec_id, p.playroom_id, p.job_mode, p.persists,
             p.body, p.sealed, p.version, p.wanted, p.expires_at, p.life_from, p.revision,
             p.applied_wanted, p.applied_spec, p.applied_at, p.last_run, p.last_action,
             p.last_status, p.last_error, p.last_step, p.last_at, p.observed, p.observed_at,
             p.dirty, p.created_at, p.updated_at, playspecs.name, playspecs.version,
             playrooms.name, playrooms.key, runs.status, p.destroy_at,
             p.job, p.job_at
             FROM playgrounds AS p
             JOIN playspecs ON playspecs.id = p.playspec_id
             JOIN playrooms ON playrooms.id = p.playroom_id
             LEFT JOIN runs ON runs.id = p.last_run ",
            $rest
        )
    };
}

/// A playground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaygroundRow {
    /// Its id, from 1.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its Compose project.
    pub project: String,
    /// Its playspec.
    pub playspec_id: i64,
    /// That playspec's name, and its version now.
    pub playspec: (String, i64),
    /// Its playroom.
    pub playroom_id: i64,
    /// That playroom's name, and the key that executors register.
    pub playroom: (String, String),
    /// Whether it runs until its watched services exit.
    pub job_mode: bool,
    /// Whether its volumes outlive it.
    pub persists: bool,
    /// What is wanted.
    pub body: Vec<u8>,
    /// The values of its environment, sealed.
    pub sealed: Vec<u8>,
    /// Rises with every change of a request or an operation.
    pub version: i64,
    /// Rises with every change of what is wanted.
    pub wanted: i64,
    /// When its time is over, epoch milliseconds.
    pub expires_at: Option<i64>,
    /// Since when its time runs, epoch milliseconds.
    pub life_from: i64,
    /// What was applied last.
    pub applied: Option<Applied>,
    /// The operation that was started last.
    pub last: LastOperation,
    /// A JSON list of services as they were seen last, and when.
    pub observed: Option<(Vec<u8>, i64)>,
    /// A JSON list of services whose checkouts kept it from being destroyed; empty once its time was extended.
    pub dirty: Option<String>,
    /// When its destroy was asked for, if that waits for another operation to end.
    pub destroy_at: Option<i64>,
    /// In job mode: what it came to, as JSON, and since when that is known.
    pub job: Option<(Vec<u8>, i64)>,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds.
    pub updated_at: i64,
}

/// What was applied last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The number of the revision.
    pub revision: i64,
    /// Which version of what is wanted it has.
    pub wanted: i64,
    /// Which version of the playspec it has.
    pub spec: i64,
    /// Epoch milliseconds.
    pub at: i64,
}

/// The operation that was started last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastOperation {
    /// The run.
    pub run: RunId,
    /// What it does.
    pub action: String,
    /// Where it stands.
    pub status: Status,
    /// Why it failed.
    pub error: Option<String>,
    /// The phase in which it failed.
    pub step: Option<String>,
    /// When it ended, epoch milliseconds.
    pub ended_at: Option<i64>,
}

/// One playground by its id.
pub fn find(read: &mut Read<'_, '_>, id: i64) -> Result<Option<PlaygroundRow>, Error> {
    read.tx
        .first(select!("WHERE p.id = $1"), args![id], read_row)
}

/// One playground by its name.
pub fn find_named(read: &mut Read<'_, '_>, name: &str) -> Result<Option<PlaygroundRow>, Error> {
    read.tx
        .first(select!("WHERE p.name = $1"), args![name], read_row)
}

/// Every playground, newest first.
pub fn list(read: &mut Read<'_, '_>) -> Result<Vec<PlaygroundRow>, Error> {
    read.tx
        .all(select!("ORDER BY p.id DESC"), args![], read_row)
}

/// The playgrounds of these playrooms, by id.
pub fn in_playrooms(
    read: &mut Read<'_, '_>,
    playrooms: &[i64],
) -> Result<Vec<PlaygroundRow>, Error> {
    let mut found = Vec::new();
    for playroom in playrooms {
        found.extend(read.tx.all(
            select!("WHERE p.playroom_id = $1 ORDER BY p.id"),
            args![*playroom],
            read_row,
        )?);
    }
    found.sort_by_key(|row| row.id);
    Ok(found)
}

fn read_row(row: &Row<'_>) -> Result<PlaygroundRow, Error> {
    let applied = row.opt_int(13)?.map(|revision| {
        Ok::<_, Error>(Applied {
            revision,
            wanted: row.opt_int(14)?.unwrap_or(0),
            spec: row.opt_int(15)?.unwrap_or(0),
            at: row.opt_int(16)?.unwrap_or(0),
        })
    });
    Ok(PlaygroundRow {
        id: row.int(0)?,
        name: row.text(1)?,
        project: row.text(2)?,
        playspec_id: row.int(3)?,
        playroom_id: row.int(4)?,
        job_mode: row.int(5)? != 0,
        persists: row.int(6)? != 0,
        body: row.bytes(7)?,
        sealed: row.bytes(8)?,
        version: row.int(9)?,
        wanted: row.int(10)?,
        expires_at: row.opt_int(11)?,
        life_from: row.int(12)?,
        applied: applied.transpose()?,
        last: last(row)?,
        observed: row.opt_bytes(23)?.zip(row.opt_int(24)?),
        dirty: row.opt_text(25)?,
        destroy_at: row.opt_int(33)?,
        job: row.opt_bytes(34)?.zip(row.opt_int(35)?),
        created_at: row.int(26)?,
        updated_at: row.int(27)?,
        playspec: (row.text(28)?, row.int(29)?),
        playroom: (row.text(30)?, row.text(31)?),
    })
}

fn last(row: &Row<'_>) -> Result<LastOperation, Error> {
    // How it ended is noted in the commit that ended it, and outlives the run.
    let word = match row.opt_text(19)? {
        Some(noted) => Some(noted),
        None => row.opt_text(32)?,
    };
    let status = word.as_deref().unwrap_or("failed").parse();
    Ok(LastOperation {
        run: row.run_id(17)?,
        action: row.text(18)?,
        status: status.map_err(|error| Error::Corrupt(format!("{error}")))?,
        error: row.opt_text(20)?,
        step: row.opt_text(21)?,
        ended_at: row.opt_int(22)?,
    })
}
