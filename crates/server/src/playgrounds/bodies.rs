//! What the rows of playrooms say.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::playgrounds::PlayroomRow;

/// What is set of a playroom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RoomBody {
    pub(crate) host: Option<String>,
    pub(crate) user: Option<String>,
    /// The first is the root domain.
    pub(crate) domains: Vec<String>,
    pub(crate) acme_email: Option<String>,
    /// What it allows beyond the default policy.
    pub(crate) policy: Value,
    /// Limits of services that set none.
    pub(crate) limits: Value,
}

impl RoomBody {
    pub(crate) fn of(row: &PlayroomRow) -> Result<Self, store::Error> {
        serde_json::from_slice(&row.body)
            .map_err(|error| store::Error::Corrupt(format!("a playroom: {error}")))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // Strings and JSON values have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
