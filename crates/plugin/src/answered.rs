//! What both hosts hear from a plugin.

use serde_json::Value;

use crate::{protocol::Description, storage::Changes};

/// What a host heard from a plugin, not yet compared with the manifest.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) metric: Option<Value>,
    pub(crate) output: Option<Value>,
    pub(crate) summary: Option<Value>,
    pub(crate) description: Option<Description>,
    pub(crate) changes: Changes,
}
