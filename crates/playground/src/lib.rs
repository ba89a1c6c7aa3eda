//! From a blueprint to the Compose document that is applied. Pure: no clock, no IO, no async, no randomness; ids,
//! times and random bytes are arguments.
//!
//! [`blueprint`] takes a first look at Compose text as its author wrote it. The compose tool makes the normalised
//! document ([`compose::ComposeDocument`]) from it; [`policy`] says what in it is refused, [`compose::generate`]
//! makes the document of one playground, [`plan`] how to get there from the one that is applied.

pub mod blueprint;
pub mod compose;
pub mod environment;
pub mod failures;
pub mod labels;
pub mod lifetime;
pub mod plan;
pub mod policy;
pub mod project;
pub mod routes;
mod suggest;
pub mod template;
pub mod variables;
