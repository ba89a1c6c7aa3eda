//! What browsers were when steps saved them, by name. It is sealed, and can be opened by nothing here.

use engine::RunId;

use crate::{
    Batch, Error, Read,
    driver::{Row, args},
};

/// A state that a step saved, without what is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserStateRow {
    /// Names it.
    pub name: String,
    /// The run whose step saved it.
    pub run_id: RunId,
    /// Epoch milliseconds.
    pub saved_at: i64,
}

/// Saves a state, in place of an earlier one of this name.
pub fn save(batch: &mut Batch<'_, '_>, row: &BrowserStateRow, sealed: &[u8]) -> Result<(), Error> {
    const SAVE: &str = "INSERT INTO browser_states (name, sealed, saved_by, saved_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed,
        saved_by = excluded.saved_by, saved_at = excluded.saved_at";
    let sealed = sealed.to_vec();
    let saved = args![&row.name, &sealed, &row.run_id, row.saved_at];
    batch.tx.exec(SAVE, saved).map(drop)
}

/// What is sealed of a state.
pub fn sealed(read: &mut Read<'_, '_>, name: &str) -> Result<Option<Vec<u8>>, Error> {
    const FIND: &str = "SELECT sealed FROM browser_states WHERE name = $1";
    read.tx.first(FIND, args![name], |row| row.bytes(0))
}

/// Every state, by name.
pub fn list(read: &mut Read<'_, '_>) -> Result<Vec<BrowserStateRow>, Error> {
    const LIST: &str = "SELECT name, saved_by, saved_at FROM browser_states ORDER BY name";
    read.tx.all(LIST, args![], row)
}

/// Deletes a state. False when there is none of this name.
pub fn delete(batch: &mut Batch<'_, '_>, name: &str) -> Result<bool, Error> {
    const DELETE: &str = "DELETE FROM browser_states WHERE name = $1";
    Ok(batch.tx.exec(DELETE, args![name])? == 1)
}

/// Deletes the states that were saved before then. There are few of them.
pub fn retain(batch: &mut Batch<'_, '_>, before: i64) -> Result<(), Error> {
    const RETAIN: &str = "DELETE FROM browser_states WHERE saved_at < $1";
    batch.tx.exec(RETAIN, args![before]).map(drop)
}

fn row(row: &Row<'_>) -> Result<BrowserStateRow, Error> {
    Ok(BrowserStateRow {
        name: row.text(0)?,
        run_id: row.run_id(1)?,
        saved_at: row.int(2)?,
    })
}
