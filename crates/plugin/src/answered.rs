//! What both hosts hear from a plugin.

use crate::{JsonText, protocol::Description, storage::Changes};

/// What a host heard from a plugin, not yet compared with the manifest.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) metric: Option<JsonText>,
    pub(crate) output: Option<JsonText>,
    pub(crate) summary: Option<JsonText>,
    pub(crate) description: Option<Description>,
    pub(crate) changes: Changes,
}
