//! The contract of playgrounds: `/api/playgrounds`, `/api/playspecs`, `/api/playrooms` and `/api/launch`.

mod body;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod destroy;
pub(super) mod error;
pub(crate) mod extend;
pub(crate) mod find;
pub(crate) mod history;
pub(crate) mod inspect;
pub(crate) mod launch;
pub(crate) mod logs;
pub(crate) mod operate;
mod page;
pub(crate) mod playrooms;
pub(crate) mod playspecs;
mod replay;
mod show;
pub(crate) mod stats;
