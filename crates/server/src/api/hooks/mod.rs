//! Webhooks: hooks and their deliveries.

mod check;
pub(crate) mod deliveries;
pub(crate) mod hook;
pub(crate) mod of_jobs;
mod view;

pub(crate) use check::run_hook;
