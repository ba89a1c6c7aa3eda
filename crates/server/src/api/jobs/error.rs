//! A refusal in the form of this contract. No other place writes it.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::{Ref, RefOr, schema::Schema};
use wire::jobs::ErrorBody;

use super::view;
use crate::refusal::{Refusal, RefusalKind, RefusedRun, shorten, to_string};

/// The status and the body.
pub(crate) fn body(refusal: &Refusal) -> (StatusCode, String) {
    let status = match refusal.kind {
        // The contract knows no conflicts.
        RefusalKind::Conflict => StatusCode::BAD_REQUEST,
        kind => kind.status(),
    };
    let body = ErrorBody {
        error: message(refusal),
        context: context(refusal),
    };
    (status, to_string(&body))
}

pub(crate) fn schema() -> RefOr<Schema> {
    Ref::from_schema_name("ErrorBody").into()
}

/// The message in the words of the contract, also for answers that list several.
pub(crate) fn message(refusal: &Refusal) -> String {
    match refusal.run.as_deref() {
        Some(RefusedRun::Missing(_)) => "job not found".to_owned(),
        Some(RefusedRun::NotAnId(_)) => "job not found: not a job id".to_owned(),
        Some(RefusedRun::Rejected(rejected)) => {
            let (command, id) = (rejected.command, rejected.run);
            let reason = match rejected.not_holder {
                true => "the caller does not hold its lease".to_owned(),
                false => format!("it is {}", view::status(rejected.status)),
            };
            format!("cannot {command} job {id}: {reason}")
        }
        None => shorten(&refusal.message),
    }
}

fn context(refusal: &Refusal) -> Map<String, Value> {
    let mut context = Map::new();
    let mut add = |key: &str, value: Value| context.insert(key.to_owned(), value);
    match refusal.run.as_deref() {
        Some(RefusedRun::Missing(id)) => _ = add("job_id", json!(id.to_string())),
        Some(RefusedRun::NotAnId(text)) => _ = add("job_id", json!(text)),
        Some(RefusedRun::Rejected(rejected)) => {
            add("job_id", json!(rejected.run.to_string()));
            add("status", json!(view::status(rejected.status)));
        }
        None => {}
    }
    if let Some(field) = &refusal.field {
        add("field", json!(field));
    }
    for (key, value) in &refusal.context {
        add(key, value.clone());
    }
    context
}
