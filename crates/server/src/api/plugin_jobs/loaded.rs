//! A plugin job with all that is shown of it.

use engine::{Kind, RunId};
use serde::{Deserialize, Serialize};
use store::{Read, runs::Details};
use wire::{
    executors::{Fact, Progress},
    plugin_jobs::Config,
};

/// What the job's checkpoint holds: how far it is, and what was told last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) fact: Option<Fact>,
    pub(crate) progress: Progress,
}

impl Note {
    /// The note in a checkpoint.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, store::Error> {
        serde_json::from_slice(body)
            .map_err(|error| store::Error::Corrupt(format!("a plugin job's progress: {error}")))
    }
}

/// A job with its attempts, its configuration and how far it is.
pub(super) struct LoadedJob {
    pub(super) details: Details,
    pub(super) config: Config,
    pub(super) progress: Progress,
    /// When something last happened to it, epoch milliseconds.
    pub(super) updated_at: i64,
}

/// The plugin job with this id; a run of another kind is none.
pub(super) fn find(read: &mut Read<'_, '_>, id: RunId) -> Result<LoadedJob, store::Error> {
    let details = store::runs::details(read, id)?;
    if details.run.kind != Kind::PluginJob {
        return Err(store::Error::NotFound(id));
    }
    let note = store::runs::state(read, id)?;
    let note = note.map_or_else(|| Ok(Note::default()), |body| Note::parse(&body))?;
    let newest = store::events::newest_at(read, id)?;
    Ok(LoadedJob {
        config: config(&details.input)?,
        progress: note.progress,
        updated_at: newest.unwrap_or(details.run.created_at),
        details,
    })
}

/// What a run's input says.
pub(crate) fn config(input: &[u8]) -> Result<Config, store::Error> {
    serde_json::from_slice(input)
        .map_err(|error| store::Error::Corrupt(format!("a plugin job's input: {error}")))
}
