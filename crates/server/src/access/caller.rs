//! Who wants a key or a token made, or a key revoked.

use store::Batch;

use super::{Principal, principal::KeyHolder, scope::Scopes};

/// Who wants a key made.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// The operator, who has the data directory or the database.
    Operator,
    /// The operator over HTTP: only as long as there are no keys.
    First,
    /// The holder of a key: it gives no more than it has, for no longer, and no more often.
    Key {
        id: String,
        scopes: Scopes,
        /// Epoch milliseconds.
        expires_at: Option<i64>,
        requests_per_minute: Option<i64>,
    },
    /// The holder of the setup token.
    Setup(String),
    /// The holder of a token to join with: a key of an executor.
    Join {
        token: String,
        /// An executor that was heard of since is at work, epoch milliseconds.
        at_work_since: i64,
    },
}

impl Caller {
    pub(crate) fn of(principal: &Principal) -> Self {
        match principal {
            Principal::Builtin => Self::Operator,
            Principal::Loopback | Principal::Operator => Self::First,
            Principal::Key(KeyHolder(key)) => Self::Key {
                id: key.id.clone(),
                scopes: key.scopes,
                expires_at: key.expires_at,
                requests_per_minute: key.requests_per_minute,
            },
        }
    }

    /// Whether it still is who it was: what the gate knew of a key may be half a second old, and what is
    /// made or revoked with it would outlive it.
    pub(super) fn stands(&self, batch: &mut Batch<'_, '_>, now: i64) -> Result<bool, store::Error> {
        match self {
            Self::Key { id, .. } => Ok(store::keys::live(batch, id, now)?.is_some()),
            Self::Operator | Self::First | Self::Setup(_) | Self::Join { .. } => Ok(true),
        }
    }
}
