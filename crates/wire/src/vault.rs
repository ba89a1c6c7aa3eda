//! The master key of the vault: `/api/vault`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST /api/vault/rotate`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct RotateVault {
    /// The new master key, 64 hexadecimal digits. Without it the server makes one, if it keeps its key in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `200` of `POST /api/vault/rotate`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RotatedVault {
    /// The file of the server that has the new key; `null` when the server gets its key from outside: start it
    /// with the new one from now on.
    pub key_file: Option<String>,
}

/// Without the key.
impl std::fmt::Debug for RotateVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RotateVault").finish_non_exhaustive()
    }
}
