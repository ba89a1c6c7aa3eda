//! A refusal in the form of this contract. No other place writes it.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, schema::Schema};

use crate::{
    api::contract::coded_schema,
    playgrounds::DETAILS,
    refusal::{Refusal, RefusalKind, RefusedRun},
};

/// The status and the body.
pub(crate) fn body(refusal: &Refusal) -> (StatusCode, String) {
    let by_kind = match refusal.kind {
        RefusalKind::BadRequest
        | RefusalKind::RequestTimeout
        | RefusalKind::TooLarge
        | RefusalKind::UnsupportedMediaType
        | RefusalKind::UpgradeRequired => "BAD_REQUEST",
        RefusalKind::Unauthorized => "UNAUTHORIZED",
        RefusalKind::Forbidden => "FORBIDDEN",
        RefusalKind::NotFound => "RESOURCE_NOT_FOUND",
        RefusalKind::MethodNotAllowed => "METHOD_NOT_ALLOWED",
        RefusalKind::Conflict | RefusalKind::PreconditionFailed => "CONFLICT",
        RefusalKind::Unprocessable => "VALIDATION_FAILED",
        RefusalKind::RateLimited { .. } => "RATE_LIMITED",
        RefusalKind::Unavailable => "UNAVAILABLE",
        RefusalKind::TimedOut => "TIMEOUT",
        RefusalKind::PreconditionRequired | RefusalKind::Internal => "INTERNAL_ERROR",
    };
    let message = match refusal.run.as_deref() {
        None => refusal.message_with_field(),
        Some(RefusedRun::Missing(id)) => format!("there is no operation {id}"),
        Some(RefusedRun::NotAnId(text)) => format!("there is no operation `{text}`"),
        Some(RefusedRun::Rejected(rejected)) => rejected.to_string(),
    };
    let code = refusal.code.unwrap_or(by_kind);
    let error = json!({"code": code, "message": message, "details": details(refusal)});
    (refusal.kind.status(), json!({"error": error}).to_string())
}

/// Messages by field, or what else it is about.
fn details(refusal: &Refusal) -> Map<String, Value> {
    let mut details = Map::new();
    for (name, value) in &refusal.context {
        match value {
            Value::Object(whole) if *name == DETAILS => details.extend(whole.clone()),
            value => drop(details.insert((*name).to_owned(), value.clone())),
        }
    }
    if let Some(field) = &refusal.field {
        details.insert(field.clone(), json!([refusal.message]));
    }
    details
}

pub(crate) fn schema() -> RefOr<Schema> {
    coded_schema("error", "code")
}
