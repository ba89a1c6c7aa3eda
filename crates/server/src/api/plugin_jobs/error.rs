//! The one place that writes this contract's error body.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use wire::plugin_jobs::ErrorBody;

use crate::api::{hooks::FieldError, jobs};

/// A refusal of this face.
#[derive(Debug)]
pub(crate) struct Error {
    status: StatusCode,
    message: String,
}

impl Error {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// Something in the request is wrong.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn no_job() -> Self {
        Self::new(StatusCode::NOT_FOUND, "job not found")
    }
}

/// What goes wrong is the same in both contracts of jobs; here it is told without a context.
impl From<jobs::Error> for Error {
    fn from(error: jobs::Error) -> Self {
        let message = match error.wrong_field() {
            Some(field) if !error.message().contains(field) => {
                format!("{field}: {}", error.message())
            }
            _ => error.message().to_owned(),
        };
        Self::new(error.status(), message)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Rejected(rejected) => {
                let status = super::view::status(rejected.status);
                let message = format!("cannot {} the job: it is {status}", rejected.command);
                Self::bad(message)
            }
            store::Error::NotFound(_) => Self::no_job(),
            error => jobs::Error::from(error).into(),
        }
    }
}

impl From<FieldError> for Error {
    fn from(wrong: FieldError) -> Self {
        Self::bad(format!("{} {}", wrong.field, wrong.message))
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: self.message,
        };
        (self.status, Json(body)).into_response()
    }
}
