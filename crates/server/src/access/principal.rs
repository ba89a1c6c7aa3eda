//! Who asks.

use std::sync::Arc;

use super::{
    key::Key,
    scope::{Scope, Scopes},
};
use crate::refusal::{Refusal, RefusalKind};

/// Who asks. The gate attaches it to a request; no header can make one without a key.
#[derive(Clone, Debug)]
pub enum Principal {
    /// The process itself: the built-in executor and the seeded demo.
    Builtin,
    /// A caller on this machine while there are no keys.
    Loopback,
    /// The holder of this key.
    Key(KeyHolder),
}

/// The holder of a key.
#[derive(Clone, Debug)]
pub struct KeyHolder(pub(crate) Arc<Key>);

impl Principal {
    /// What it may do.
    pub(crate) fn scopes(&self) -> Scopes {
        match self {
            Self::Builtin | Self::Loopback => Scopes::every(),
            Self::Key(KeyHolder(key)) => key.scopes,
        }
    }

    /// What a route cannot know beforehand that it needs.
    pub(crate) fn must_allow(&self, scope: Scope) -> Result<(), Refusal> {
        if self.scopes().allow(scope) {
            return Ok(());
        }
        let message = format!("the key does not have the scope {}", scope.as_str());
        Err(Refusal::new(RefusalKind::Forbidden, message))
    }

    /// Its key.
    pub(crate) fn key(&self) -> Option<&Key> {
        match self {
            Self::Builtin | Self::Loopback => None,
            Self::Key(KeyHolder(key)) => Some(key),
        }
    }

    /// The executor that it is bound to, if it is bound to one.
    pub(crate) fn executor(&self) -> Option<&str> {
        self.key().and_then(Key::executor)
    }
}
