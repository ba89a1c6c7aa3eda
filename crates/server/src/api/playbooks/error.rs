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
        RefusalKind::BadRequest => "validation_error",
        RefusalKind::Unauthorized => "authentication_required",
        RefusalKind::Forbidden => "permission_denied",
        RefusalKind::NotFound => "not_found",
        RefusalKind::MethodNotAllowed => "method_not_allowed",
        RefusalKind::Conflict => "conflict",
        RefusalKind::RateLimited { .. } => "rate_limited",
        _ => "internal_error",
    };
    let message = refusal.message_with_field();
    let detail = json!({"error": code, "message": message, "details": {}});
    let body = json!({"detail": detail});
    (refusal.kind.status(), body.to_string())
}

pub(crate) fn schema() -> RefOr<Schema> {
    coded_schema("detail", "error")
}
