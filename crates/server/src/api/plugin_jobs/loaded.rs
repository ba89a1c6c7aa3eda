//! A plugin job with all that is shown of it.

use engine::{Kind, RunId, State};
use serde::de::DeserializeOwned;
use store::{
    Read,
    runs::{Details, PartRow},
};
use wire::{
    executors::{EndedPlugin, PluginState, Stage},
    plugin_jobs::Config,
};

use super::parts::failed_tries;

/// A job with its attempts, its configuration and its plugins.
pub(super) struct LoadedJob {
    pub(super) details: Details,
    pub(super) config: Config,
    /// The plugin that runs or was interrupted, and how many of its tries failed.
    pub(super) current: Option<(String, u32)>,
    /// Plugins that ended, in the order of their ends.
    pub(super) ended: Vec<PluginPart>,
    /// What is kept beside the plugins, of a job that has ended.
    pub(super) state: PluginState,
    /// When something last happened to it, epoch milliseconds.
    pub(super) updated_at: i64,
}

/// A plugin that ended.
pub(super) struct PluginPart {
    pub(super) name: String,
    pub(super) stage: Stage,
    pub(super) failed_tries: u32,
    pub(super) left: EndedPlugin,
}

/// The plugin job with this id; a run of another kind is none.
pub(super) fn find(read: &mut Read<'_, '_>, id: RunId) -> Result<LoadedJob, store::Error> {
    let details = store::runs::details(read, id)?;
    if details.run.kind != Kind::PluginJob {
        return Err(store::Error::NotFound(id));
    }
    let (mut current, mut ended) = (None, Vec::new());
    for row in store::runs::parts(read, id, 0, i64::MAX)? {
        match row.stage.into() {
            Stage::Started | Stage::Interrupted | Stage::Cancelled => {
                current = Some((row.name, failed_tries(Stage::Started, row.tries)));
            }
            stage => ended.push(plugin(row, stage)?),
        }
    }
    let state = match details.run.state {
        State::Done { .. } => store::runs::state(read, id)?,
        _ => None,
    };
    let state = state.map(|body| parse(&body, "state")).transpose()?;
    let newest = store::events::newest_at(read, id)?;
    Ok(LoadedJob {
        config: config(&details.input)?,
        current,
        ended,
        state: state.unwrap_or_default(),
        updated_at: newest.unwrap_or(details.run.created_at),
        details,
    })
}

fn plugin(row: PartRow, stage: Stage) -> Result<PluginPart, store::Error> {
    Ok(PluginPart {
        left: parse(&row.body, "part")?,
        failed_tries: failed_tries(stage, row.tries),
        name: row.name,
        stage,
    })
}

/// What a run's input says.
pub(crate) fn config(input: &[u8]) -> Result<Config, store::Error> {
    parse(input, "input")
}

fn parse<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, store::Error> {
    serde_json::from_slice(body)
        .map_err(|error| store::Error::Corrupt(format!("a plugin job's {what}: {error}")))
}
