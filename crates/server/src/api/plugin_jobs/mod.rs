//! The contract of plugin jobs, `/playground/jobs`, and what we add to it.

pub(crate) mod cancel;
mod check;
mod child;
pub(crate) mod create;
pub(super) mod error;
mod event_data;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod list;
mod loaded;
mod parts;
pub(crate) mod plugins;
pub(crate) mod start;
mod view;
mod wait;

pub(crate) use child::{outcome as child_outcome, submission as child_submission};
pub(crate) use event_data::compose;
use loaded::config;
pub(crate) use parts::check_parts;
