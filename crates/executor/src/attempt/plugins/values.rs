//! Values between the server's types and those of plugins: both are texts, which stay as they are.

use plugin::Storage;
use wire::JsonText;

/// A value for a plugin.
pub(super) fn to_plugin(text: &JsonText) -> plugin::JsonText {
    text.clone().into_raw().into()
}

/// A value of a plugin.
pub(super) fn of_plugin(text: plugin::JsonText) -> JsonText {
    text.into_raw().into()
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
