//! The faces. Each answers in its own form, its own refusals too.

pub(crate) mod audit;
mod command;
mod contract;
pub(crate) mod events;
pub(crate) mod hooks;
pub(crate) mod jobs;
pub(crate) mod join;
pub(crate) mod keys;
mod output;
mod paging;
pub(crate) mod plugin_jobs;
pub(crate) mod probes;
pub(crate) mod reference;
pub(crate) mod setup;
mod sse;
pub(crate) mod tickets;
pub(crate) mod ws;

use axum::{extract::Request, http::StatusCode, response::Response};

pub(crate) use contract::{refusal, refusal_schema};

/// Answer to a path that nothing serves.
pub(crate) async fn not_found(request: Request) -> Response {
    refusal(request.uri().path(), StatusCode::NOT_FOUND, "no such route")
}

/// Answer to a method that a path does not have.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let message = format!("{} is not allowed here", request.method());
    refusal(
        request.uri().path(),
        StatusCode::METHOD_NOT_ALLOWED,
        &message,
    )
}
