//! A refusal in the form of this contract. No other place writes it.

use axum::http::StatusCode;
use utoipa::openapi::{Ref, RefOr, schema::Schema};
use wire::plugin_jobs::ErrorBody;

use super::view;
use crate::refusal::{Refusal, RefusalKind, RefusedRun, to_string};

/// The status and the body.
pub(crate) fn body(refusal: &Refusal) -> (StatusCode, String) {
    let status = match refusal.kind {
        // The contract knows no conflicts.
        RefusalKind::Conflict => StatusCode::BAD_REQUEST,
        kind => kind.status(),
    };
    let error = match refusal.run.as_deref() {
        Some(RefusedRun::Missing(_) | RefusedRun::NotAnId(_)) => "job not found".to_owned(),
        Some(RefusedRun::Rejected(rejected)) => {
            let status = view::status(rejected.status);
            format!("cannot {} the job: it is {status}", rejected.command)
        }
        None => refusal.message_with_field(),
    };
    (status, to_string(&ErrorBody { error }))
}

pub(crate) fn schema() -> RefOr<Schema> {
    Ref::from_schema_name("PluginJobErrorBody").into()
}
