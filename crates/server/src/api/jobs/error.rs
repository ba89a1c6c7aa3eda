//! The one place that writes this contract's error body.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};
use wire::jobs::ErrorBody;

use crate::{api::hooks::FieldError, body::BodyError, budget::BUSY};

/// A refusal does not repeat more of what was sent than this, in bytes.
const QUOTE_LIMIT: usize = 300;

/// A refusal of this face.
#[derive(Debug)]
pub(crate) struct Error {
    status: StatusCode,
    message: String,
    context: Map<String, Value>,
}

impl Error {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: shorten(message.into()),
            context: Map::new(),
        }
    }

    /// A field is wrong.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message).about("field", shorten(field.into()))
    }

    pub(crate) fn no_job(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "job not found").about("job_id", id)
    }

    /// Adds what it is about.
    pub(crate) fn about(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The field that is wrong, if it is one.
    pub(crate) fn wrong_field(&self) -> Option<&str> {
        self.context.get("field").and_then(Value::as_str)
    }

    /// What it says, for an answer that lists several.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The contract answers a heartbeat for a run that is not held with 404, not 400.
    pub(crate) fn or_not_running(self) -> Self {
        if self.status == StatusCode::BAD_REQUEST {
            return Self {
                status: StatusCode::NOT_FOUND,
                ..self
            };
        }
        self
    }
}

/// Leaves out the middle of a text that is too long.
fn shorten(text: String) -> String {
    if text.len() <= QUOTE_LIMIT {
        return text;
    }
    let head = text.floor_char_boundary(QUOTE_LIMIT / 2);
    let tail = text.ceil_char_boundary(text.len() - QUOTE_LIMIT / 2);
    format!("{} ... {}", &text[..head], &text[tail..])
}

/// A refusal in the words of the contract.
fn refused(rejected: &engine::Rejected) -> Error {
    let status = super::view::status(rejected.status);
    let id = rejected.run.to_string();
    let command = rejected.command;
    let message = if rejected.not_holder {
        format!("cannot {command} job {id}: the caller does not hold its lease")
    } else {
        format!("cannot {command} job {id}: it is {status}")
    };
    Error::new(StatusCode::BAD_REQUEST, message)
        .about("job_id", id)
        .about("status", status)
}

impl From<BodyError> for Error {
    fn from(unread: BodyError) -> Self {
        match unread {
            BodyError::TooLong(limit) => {
                let message = format!("the request body is larger than {limit} bytes");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, message).about("limit_bytes", limit)
            }
            BodyError::Broken(error) => {
                let message = format!("the body broke off: {error}");
                Self::new(StatusCode::BAD_REQUEST, message)
            }
            BodyError::Slow => Self::new(StatusCode::REQUEST_TIMEOUT, "the body comes too slowly"),
            BodyError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, BUSY),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        use store::Error as E;
        match error {
            E::NotFound(id) => Self::no_job(&id.to_string()),
            E::Rejected(rejected) => refused(&rejected),
            E::KeyReused => Self::field("Idempotency-Key", error.to_string()),
            E::Exclusive(_) | E::CalledOff(_) => {
                Self::new(StatusCode::BAD_REQUEST, error.to_string())
            }
            E::Unavailable(_)
            | E::Denied(_)
            | E::Missing(_)
            | E::Unknown(_)
            | E::Conflict(_)
            | E::Constraint(_)
            | E::Database(_)
            | E::Corrupt(_)
            | E::Newer { .. }
            | E::Closed => {
                // What the database says is for the operator, not for the caller.
                tracing::error!(%error, "a request failed");
                let message = match error {
                    E::Unavailable(_) | E::Denied(_) | E::Missing(_) => {
                        "the database is not available; nothing was changed"
                    }
                    E::Unknown(_) => {
                        "the database did not answer: it is not known whether this was done"
                    }
                    _ => "internal error",
                };
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
            }
        }
    }
}

impl From<FieldError> for Error {
    fn from(wrong: FieldError) -> Self {
        let message = format!("{} {}", wrong.field, wrong.message);
        Self::field(wrong.field, message)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: self.message,
            context: self.context,
        };
        (self.status, Json(body)).into_response()
    }
}
