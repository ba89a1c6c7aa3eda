//! What hooks are sent, how it is signed, and what follows from an answer.

mod attempt;
pub(crate) mod check;
mod compose;
mod signer;

pub(crate) use attempt::{DISABLE_AFTER, attempt, webhook_id};
pub(crate) use compose::{compose, test, types_of};
pub(crate) use signer::Signer;
