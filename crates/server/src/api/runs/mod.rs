//! Runs of every kind: lists, one run with all that belongs to it, and what operators ask of it.

pub(crate) mod browser;
pub(crate) mod control;
pub(crate) mod details;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod parts;
mod query;
mod view;

use engine::{Kind, RunId};
use store::{Read, runs::Details};

use crate::{access::Principal, app::App, kinds, refusal::Refusal};

/// The kinds whose runs the caller may read.
fn readable(principal: &Principal) -> Vec<Kind> {
    let scopes = principal.scopes();
    let kinds = Kind::ALL.iter().copied();
    kinds
        .filter(|kind| scopes.allow(kinds::of(*kind).read))
        .collect()
}

/// A run of a kind that the caller may read; any other run is not found.
fn find(
    read: &mut Read<'_, '_>,
    principal: &Principal,
    id: RunId,
) -> Result<Details, store::Error> {
    let details = store::runs::details(read, id)?;
    if principal.scopes().allow(kinds::of(details.run.kind).read) {
        Ok(details)
    } else {
        Err(store::Error::NotFound(id))
    }
}

/// [`find`], in a transaction of its own.
pub(super) async fn found(app: &App, principal: &Principal, id: RunId) -> Result<Details, Refusal> {
    let principal = principal.clone();
    let details = app.store.read(move |read| find(read, &principal, id));
    Ok(details.await?)
}
