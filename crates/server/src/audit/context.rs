//! Who asks, from where and for what.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use store::audit::{Actor, AuditEntry, Target};

use super::Action;
use crate::{Principal, http::peer::Peer};

/// What the request's route does.
#[derive(Clone, Copy)]
pub(super) struct Asked(pub(super) Action);

/// The actor of a request and the action of its route: an extractor.
#[derive(Clone, Debug)]
pub(crate) struct AuditContext {
    pub(crate) actor: Actor,
    pub(crate) origin: String,
    action: &'static str,
}

impl AuditContext {
    /// The operator, who has the data directory or the database.
    pub(crate) fn operator(action: &'static str) -> Self {
        Self {
            actor: Actor::word("operator"),
            origin: "command line".to_owned(),
            action,
        }
    }

    /// An actor of whom only the address is known.
    pub(crate) fn nobody(address: Option<IpAddr>) -> Self {
        Self {
            actor: Actor::word("nobody"),
            origin: origin(address),
            action: "",
        }
    }

    /// The actor of a request, as far as it is known by now.
    pub(super) fn of(principal: Option<&Principal>, peer: Option<Peer>, action: Action) -> Self {
        let actor = match principal.map(|principal| (principal.name(), principal.key())) {
            Some((name, Some(key))) => Actor {
                id: key.id.clone(),
                name: name.to_owned(),
            },
            Some((name, None)) => Actor::word(name),
            None => Actor::word("nobody"),
        };
        Self {
            actor,
            origin: origin(peer.map(|Peer(address)| address)),
            action: action.unwrap_or_default(),
        }
    }

    /// The action of the route; empty when it has none.
    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    /// The same, with an actor that is known by a word.
    pub(crate) fn known_as(self, word: &str) -> Self {
        let actor = Actor::word(word);
        Self { actor, ..self }
    }

    /// What is asked for, on `target`, at `now` in epoch milliseconds: for the store, which writes it
    /// down with the change.
    pub(crate) fn entry(self, now: i64, target: Target) -> AuditEntry {
        AuditEntry::new(now, self.actor, self.origin, self.action, target)
    }
}

/// Without a connection a request was made in this process.
fn origin(address: Option<IpAddr>) -> String {
    address.map_or_else(
        || "process".to_owned(),
        |address| address.to_canonical().to_string(),
    )
}

impl<S: Sync> FromRequestParts<S> for AuditContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let extensions = &parts.extensions;
        let peer = extensions.get::<Peer>().copied();
        let asked = extensions.get::<Asked>();
        let action = asked.and_then(|Asked(action)| *action);
        Ok(Self::of(extensions.get::<Principal>(), peer, action))
    }
}
