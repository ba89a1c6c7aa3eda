//! A refusal in the form of our own routes: RFC 9457 problem+json. No other place writes it.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{Ref, RefOr, schema::Schema},
};

use crate::refusal::{Refusal, RefusedRun, to_string};

/// A refusal as it is written.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong, for people.
    detail: String,
}

/// The status and the body.
pub(crate) fn body(refusal: &Refusal) -> (StatusCode, String) {
    let status = refusal.kind.status();
    let body = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: detail(refusal),
    };
    (status, to_string(&body))
}

/// What is wrong, for people; also for answers that list several.
pub(crate) fn detail(refusal: &Refusal) -> String {
    match refusal.run.as_deref() {
        Some(RefusedRun::Missing(id)) => format!("there is no run {id}"),
        Some(RefusedRun::NotAnId(text)) => format!("there is no run `{text}`: not a run id"),
        Some(RefusedRun::Rejected(rejected)) => rejected.to_string(),
        None => refusal.message_with_field(),
    }
}

pub(crate) fn schema() -> RefOr<Schema> {
    Ref::from_schema_name("Problem").into()
}
