//! A refusal in the form of this contract. No other place writes it.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, schema::Schema};

use crate::{
    api::contract::coded_schema,
    refusal::{Refusal, RefusalKind, RefusedRun},
};

/// The status and the body.
pub(crate) fn body(refusal: &Refusal) -> (StatusCode, String) {
    let by_kind = match refusal.kind {
        RefusalKind::RequestTimeout | RefusalKind::TimedOut => "timeout_error",
        RefusalKind::BadRequest
        | RefusalKind::TooLarge
        | RefusalKind::UnsupportedMediaType
        | RefusalKind::UpgradeRequired => "validation_error",
        RefusalKind::Unauthorized => "authentication_required",
        RefusalKind::Forbidden => "permission_denied",
        RefusalKind::NotFound => "not_found",
        RefusalKind::MethodNotAllowed => "method_not_allowed",
        RefusalKind::Conflict | RefusalKind::PreconditionFailed => "conflict",
        RefusalKind::PreconditionRequired => "precondition_required",
        RefusalKind::RateLimited { .. } => "rate_limited",
        _ => "internal_error",
    };
    let mut details: Map<String, Value> = refusal
        .context
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    if let Some(field) = &refusal.field {
        details.insert("field".to_owned(), field.as_str().into());
    }
    let (code, message) = match refusal.run.as_deref() {
        None => (by_kind, refusal.message_with_field()),
        Some(run) => {
            let (code, id, message) = about(run, by_kind);
            details.insert("execution_id".to_owned(), id.into());
            (code, message)
        }
    };
    let code = refusal.code.unwrap_or(code);
    let detail = json!({"error": code, "message": message, "details": details});
    let body = json!({"detail": detail});
    (refusal.kind.status(), body.to_string())
}

/// Code, execution and message of a refusal that is about an execution.
fn about(run: &RefusedRun, by_kind: &'static str) -> (&'static str, String, String) {
    const MISSING: &str = "execution_not_found";
    let not_found = |id: &str| format!("Execution '{id}' not found");
    match run {
        RefusedRun::Missing(id) => (MISSING, id.to_string(), not_found(&id.to_string())),
        RefusedRun::NotAnId(text) => (MISSING, text.clone(), not_found(text)),
        RefusedRun::Rejected(rejected) => {
            let message = format!(
                "Execution cannot do this now ({}): it is {}",
                rejected.command, rejected.status
            );
            (by_kind, rejected.run.to_string(), message)
        }
    }
}

pub(crate) fn schema() -> RefOr<Schema> {
    coded_schema("detail", "error")
}
