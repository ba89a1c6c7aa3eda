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

use engine::Kind;

use crate::{
    access::Principal,
    kinds,
    runs::{find, found},
};

/// The kinds whose runs the caller may read.
fn readable(principal: &Principal) -> Vec<Kind> {
    let scopes = principal.scopes();
    let kinds = Kind::ALL.iter().copied();
    kinds
        .filter(|kind| scopes.allow(kinds::of(*kind).read))
        .collect()
}
