//! Values between the server's types and those of plugins: both are texts, which stay as they are.

use plugin::{Context, Storage};
use wire::{JsonText, executors::PluginState, plugin_jobs::Config};

/// A value for a plugin.
pub(super) fn to_plugin(text: &JsonText) -> plugin::JsonText {
    text.clone().into_raw().into()
}

/// A value of a plugin.
pub(super) fn of_plugin(text: plugin::JsonText) -> JsonText {
    text.into_raw().into()
}

/// What the next plugin of a job works on.
pub(super) fn context(id: &str, job: &Config, state: &PluginState) -> Context {
    Context {
        job_id: id.to_owned(),
        input: to_plugin(&job.input),
        output: state.output.as_ref().map(to_plugin),
        storage: storage_for(&state.storage),
        debug: job.debug,
    }
}

/// The store of a job for a plugin.
pub(super) fn storage_for<'a>(
    storage: impl IntoIterator<Item = (&'a String, &'a JsonText)>,
) -> Storage {
    let storage = storage.into_iter();
    storage
        .map(|(key, value)| (key.clone(), to_plugin(value)))
        .collect()
}
