//! The contracts, and our own routes. Each has its own form of refusals.

pub(crate) mod audit;
mod command;
mod contract;
pub(crate) mod events;
pub(crate) mod executors;
mod follow;
pub(crate) mod hooks;
pub(crate) mod jobs;
pub(crate) mod join;
pub(crate) mod keys;
mod output;
mod paging;
mod playbooks;
mod playgrounds;
pub(crate) mod plugin_jobs;
pub(crate) mod probes;
pub(crate) mod problem;
pub(crate) mod reference;
pub(crate) mod runs;
pub(crate) mod setup;
mod sse;
pub(crate) mod tickets;
pub(crate) mod ws;

use axum::{extract::Request, response::Response};

use crate::refusal::{Refusal, RefusalKind};

pub(crate) use contract::{Contract, refuse};

/// The response to a path that has no route.
pub(crate) async fn not_found(request: Request) -> Response {
    refuse(request.uri().path(), Refusal::not_found("no such route"))
}

/// The response to a method that a path does not have.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let message = format!("{} is not allowed here", request.method());
    let refusal = Refusal::new(RefusalKind::MethodNotAllowed, message);
    refuse(request.uri().path(), refusal)
}
