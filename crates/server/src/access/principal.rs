//! Who asks.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::{
    key::Key,
    refused::Refused,
    scope::{Scope, Scopes},
};
use crate::refusal::Refusal;

/// Who asks. The gate attaches it to a request; no header can make one without a key.
#[derive(Clone, Debug)]
pub enum Principal {
    /// The process itself: the built-in executor and the seeded demo.
    Builtin,
    /// A caller on this machine while there are no keys: it may be any program.
    Loopback,
    /// The operator while there are no keys: a caller on this machine who shows the token of the data directory.
    Operator,
    /// The holder of this key.
    Key(KeyHolder),
}

/// What is the operator's alone before there is a key: what outlives it, and what opens others.
const SETTINGS: [Scope; 5] = [
    Scope::KeysWrite,
    Scope::HooksWrite,
    Scope::PlayroomsWrite,
    Scope::PlayroomsDelete,
    Scope::PlaygroundsReveal,
];

/// The holder of a key.
#[derive(Clone, Debug)]
pub struct KeyHolder(pub(crate) Arc<Key>);

impl Principal {
    /// What it may do.
    pub(crate) fn scopes(&self) -> Scopes {
        match self {
            Self::Builtin | Self::Operator => Scopes::every(),
            Self::Loopback => Scopes::every().without(&SETTINGS),
            Self::Key(KeyHolder(key)) => key.scopes,
        }
    }

    /// What a route cannot know beforehand that it needs.
    pub(crate) fn must_allow(&self, scope: Scope) -> Result<(), Refusal> {
        if self.scopes().allow(scope) {
            return Ok(());
        }
        Err(Refused::of_scope(self, scope).into())
    }

    /// Its key.
    pub(crate) fn key(&self) -> Option<&Key> {
        match self {
            Self::Builtin | Self::Loopback | Self::Operator => None,
            Self::Key(KeyHolder(key)) => Some(key),
        }
    }

    /// As people are told who asks.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Builtin => "builtin",
            Self::Loopback => "loopback",
            Self::Operator => "operator",
            Self::Key(KeyHolder(key)) => &key.name,
        }
    }

    /// Counts a stream or a socket until this is dropped; those without a key are not counted.
    pub(crate) fn enter_stream(&self) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        let Some(key) = self.key() else {
            return Ok(None);
        };
        let permit = Arc::clone(&key.streams).try_acquire_owned();
        permit.map(Some).map_err(|_| Refused::Streams.into())
    }

    /// The executor that it is bound to, if it is bound to one.
    pub(crate) fn executor(&self) -> Option<&str> {
        self.key().and_then(Key::executor)
    }
}
