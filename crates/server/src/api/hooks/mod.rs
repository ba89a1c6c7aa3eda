//! Webhooks: hooks and their deliveries.

mod check;
pub(crate) mod deliveries;
pub(crate) mod hook;
mod view;

pub(crate) use check::{Wrong, run_hook};
