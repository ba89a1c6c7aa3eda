//! A refusal in the form of this contract. No other place writes it.

use axum::http::StatusCode;
use serde_json::json;
use utoipa::openapi::{RefOr, schema::Schema};

use crate::{
    api::contract::coded_schema,
    refusal::{Refusal, RefusalKind},
};

/// The status and the body.
pub(crate) fn body(refusal: &Refusal) -> (StatusCode, String) {
    let code = match refusal.kind {
        RefusalKind::BadRequest => "BAD_REQUEST",
        RefusalKind::Unauthorized => "UNAUTHORIZED",
        RefusalKind::Forbidden => "FORBIDDEN",
        RefusalKind::NotFound => "RESOURCE_NOT_FOUND",
        RefusalKind::MethodNotAllowed => "METHOD_NOT_ALLOWED",
        RefusalKind::Conflict => "CONFLICT",
        RefusalKind::RateLimited { .. } => "RATE_LIMITED",
        _ => "INTERNAL_ERROR",
    };
    let message = refusal.message_with_field();
    let error = json!({"code": code, "message": message, "details": {}});
    (refusal.kind.status(), json!({"error": error}).to_string())
}

pub(crate) fn schema() -> RefOr<Schema> {
    coded_schema("error", "code")
}
