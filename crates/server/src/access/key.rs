//! A key as a running server knows it.

use std::sync::{Arc, Mutex, atomic::AtomicI64};

use store::keys::KeyRow;
use tokio::sync::Semaphore;

use super::{
    bucket::Bucket,
    role::Role,
    scope::{Scope, Scopes},
};

/// Streams and sockets that one key may have at once.
pub(super) const STREAMS: usize = 1_000;

/// A key. One that was revoked or has expired opens nothing, and says whose it was.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) scopes: Scopes,
    pub(super) hash: Vec<u8>,
    /// Epoch milliseconds.
    pub(crate) expires_at: Option<i64>,
    pub(super) is_revoked: bool,
    pub(super) requests_per_minute: Option<i64>,
    pub(super) bucket: Mutex<Bucket>,
    pub(super) streams: Arc<Semaphore>,
    /// When it was last used, epoch milliseconds, and when it was last written down.
    pub(super) used_at: AtomicI64,
    pub(super) noted_at: AtomicI64,
}

impl Key {
    /// What is not understood grants nothing: a newer program may have written it.
    pub(super) fn of(row: KeyRow) -> Self {
        let scopes = scopes(&row);
        Self {
            id: row.id,
            name: row.name,
            role: row.role,
            scopes,
            hash: row.hash,
            expires_at: row.expires_at,
            is_revoked: row.revoked_at.is_some(),
            requests_per_minute: row.requests_per_minute,
            bucket: Mutex::default(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            used_at: AtomicI64::new(0),
            noted_at: AtomicI64::new(0),
        }
    }

    pub(super) fn is_live(&self, now: i64) -> bool {
        !self.is_revoked && self.expires_at.is_none_or(|at| at > now)
    }

    /// The executor that this key belongs to: a key that may perform runs performs them under the
    /// key's name, except those who may do everything.
    pub(crate) fn executor(&self) -> Option<&str> {
        is_bound(self.scopes).then_some(self.name.as_str())
    }
}

/// Whether a key with these scopes performs runs under its own name, and no other.
pub(super) fn is_bound(scopes: Scopes) -> bool {
    scopes.allow(Scope::RunsPerform) && !scopes.is_every()
}

/// Everything that a key allows.
pub(crate) fn scopes(row: &KeyRow) -> Scopes {
    let role = Role::parse(&row.role).map(Role::scopes).unwrap_or_default();
    let extra = Scopes::parse(row.scopes.split_whitespace()).unwrap_or_else(|unknown| {
        tracing::warn!(
            key = row.id,
            scope = unknown,
            "a key lists an unknown scope"
        );
        Scopes::default()
    });
    role.with(extra)
}

/// A key does not outlive its maker's, and asks no more often: the less of what is wanted and what the maker's has.
pub(super) fn least(wanted: Option<i64>, makers: Option<i64>) -> Option<i64> {
    match (wanted, makers) {
        (Some(wanted), Some(makers)) => Some(wanted.min(makers)),
        (wanted, makers) => wanted.or(makers),
    }
}
