//! The contracts, and our own routes. Each has its own form of refusals.

pub(crate) mod approvals;
pub(crate) mod artifacts;
pub(crate) mod audit;
pub(crate) mod browser_states;
mod contract;
pub(crate) mod events;
pub(crate) mod executors;
pub(crate) mod hooks;
pub(crate) mod jobs;
pub(crate) mod join;
pub(crate) mod keys;
mod own_hooks;
pub(crate) mod playbooks;
pub(crate) mod playgrounds;
pub(crate) mod plugin_jobs;
pub(crate) mod probes;
pub(crate) mod problem;
pub(crate) mod reference;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod setup;
pub(crate) mod tickets;
pub(crate) mod vault;
pub(crate) mod ws;

use axum::http::Method;

use crate::refusal::{Refusal, RefusalKind};

pub(crate) use contract::{contract_of, is_own};
pub(crate) use own_hooks::compose_of_run;

/// The response to a path that has no route.
pub(crate) async fn not_found() -> Refusal {
    Refusal::not_found("no such route")
}

/// The response to a method that a path does not have.
pub(crate) async fn method_not_allowed(method: Method) -> Refusal {
    let message = format!("{method} is not allowed here");
    Refusal::new(RefusalKind::MethodNotAllowed, message)
}
