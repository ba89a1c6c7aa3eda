//! The faces. Each answers in its own form, its own refusals too.

pub(crate) mod events;
pub(crate) mod jobs;
mod sse;

use axum::{
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

/// A refusal in the form of the face that `path` belongs to.
pub(crate) fn refusal(path: &str, status: StatusCode, message: &str) -> Response {
    if path == "/api/v1" || path.starts_with("/api/v1/") {
        return jobs::Error::new(status, message).into_response();
    }
    Problem {
        status,
        detail: message.to_owned(),
    }
    .into_response()
}

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
