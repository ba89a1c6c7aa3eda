//! Webhooks: hooks and their deliveries.

pub(crate) mod deliveries;
pub(crate) mod hook;
pub(crate) mod of_jobs;
mod view;
