//! What hooks are sent, how it is signed, and what follows from an answer.

mod attempt;
mod compose;
mod signer;

pub(crate) use attempt::{DISABLE_AFTER, attempt, webhook_id};
pub(crate) use compose::{compose, compose_of_run, test, types_of};
pub(crate) use signer::Signer;
