//! Playgrounds, and what they are made from: playrooms and playspecs. What bodies say, and what is sealed, is
//! opaque here.
//!
//! A playground is changed by operations, which are runs with the playground as their exclusive key: the row
//! says which one was started last, and how it ended from the commit on that ended it.

mod change;
mod create;
mod expiry;
mod files;
mod observe;
mod operate;
mod outcomes;
mod playrooms;
mod playspecs;
mod registries;
mod row;
mod secrets;
mod settle;
mod watch;

pub use change::{PlaygroundUpdate, change, extend};
pub use create::{Created, NewPlayground, create, next_id, repeated};
pub use expiry::{end_life, expired, expiry_plan, note_tried, unwarned, warn};
pub use files::{FileRow, add_file, change_file, files, remove_file};
pub use observe::{Observed, observe};
pub use operate::{
    Operate, Operated, destroy_after, exclusive_key, operate, place_in_line, starts_services,
    to_destroy,
};
pub use outcomes::{
    LeftRevision, NewOutcome, OutcomeRow, RevisionRow, logs, outcome, report, revision, revisions,
};
pub use playrooms::{
    PlayroomRow, bind_engine, change_playroom, delete_playroom, ensure_playroom, lock_playroom,
    playroom, playrooms,
};
pub use playspecs::{
    NewPlayspec, PlayspecMade, PlayspecRow, change_playspec, create_playspec, delete_playspec,
    playspec, playspecs, spec_repeated,
};
pub use registries::{RegistryRow, add_registry, registries, remove_registry};
pub use row::{Applied, LastOperation, PlaygroundRow, find, find_named, in_playrooms, list};
pub use secrets::{keep_generated, secrets};
pub use watch::{made_by, unwatch, watch, watched_since};

pub(crate) use settle::settle;

use crate::{Batch, Error, driver::args};

/// What deleting something came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Done,
    /// There is none of this id.
    Missing,
    /// So many others need it.
    InUse(i64),
}

/// The next id of a kind of thing. One that is not used stays unused.
fn next_number(batch: &mut Batch<'_, '_>, kind: &str) -> Result<i64, Error> {
    const NEXT: &str = "INSERT INTO number_heads (kind, next) VALUES ($1, 1)
        ON CONFLICT (kind) DO UPDATE SET next = number_heads.next + 1 RETURNING next";
    let next = batch.tx.first(NEXT, args![kind], |row| row.int(0))?;
    next.ok_or_else(|| Error::Corrupt("a number that was taken is not there".to_owned()))
}
