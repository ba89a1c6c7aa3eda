//! Playspecs: `/api/playspecs`.

pub(crate) mod change;
pub(crate) mod files;
pub(crate) mod find;
pub(crate) mod registries;
pub(crate) mod validate;
mod view;

pub(super) use change::made;

use store::{Read, playgrounds::PlayspecRow};

use crate::{
    app::App,
    playgrounds::{id_in_path, missing_playspec},
    refusal::Refusal,
};

/// The playspec with this id, or else with this name.
async fn row_of(app: &App, name: &str) -> Result<PlayspecRow, Refusal> {
    let wanted = name.to_owned();
    let found = app.store.read(move |read: &mut Read<'_, '_>| {
        store::playgrounds::playspec(read, id_in_path(&wanted), &wanted)
    });
    found.await?.ok_or_else(|| missing_playspec(name))
}
