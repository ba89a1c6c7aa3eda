//! Why a request is refused: one type for every handler, extractor and middleware. The contract of the
//! path writes the status, the headers and the body; `api/contract.rs` says which contract that is.

mod contract;

use axum::{
    extract::rejection::PathRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{Rejected, RunId};
use serde_json::Value;

pub(crate) use contract::{Contract, to_string};

/// A refusal does not repeat more of the request than this, in bytes.
const QUOTE_LIMIT: usize = 300;

/// What kind of refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalKind {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    /// The body comes too slowly.
    RequestTimeout,
    /// The state of what the request names does not allow it.
    Conflict,
    /// It is not what the caller says that it must be.
    PreconditionFailed,
    /// The caller must say what it must be.
    PreconditionRequired,
    /// The body is too large.
    TooLarge,
    UnsupportedMediaType,
    UpgradeRequired,
    /// It is well formed, and cannot be done.
    Unprocessable,
    /// The caller may ask again after so many milliseconds.
    RateLimited {
        retry_after_ms: i64,
    },
    /// The server cannot answer at the moment.
    Unavailable,
    /// What the answer depends on did not answer in time.
    TimedOut,
    Internal,
}

impl RefusalKind {
    /// The status, unless the contract has another one.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The run that a refusal is about. Each contract has a word of its own for it.
#[derive(Clone, Debug)]
pub(crate) enum RefusedRun {
    /// No run has this id.
    Missing(RunId),
    /// The text, which may be cut, is not a run id.
    NotAnId(String),
    /// The run's state does not allow the command.
    Rejected(Rejected),
}

/// A refusal.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: RefusalKind,
    /// A code that says more than the kind, for contracts that have codes.
    pub(crate) code: Option<&'static str>,
    /// What is wrong, for people; empty when `run` says it.
    pub(crate) message: String,
    /// The field that is wrong.
    pub(crate) field: Option<String>,
    /// More of what it is about, for contracts that have a place for it.
    pub(crate) context: Vec<(&'static str, Value)>,
    pub(crate) run: Option<Box<RefusedRun>>,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            message: message.into(),
            field: None,
            context: Vec::new(),
            run: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::BadRequest, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::NotFound, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Conflict, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Internal, message)
    }

    /// A field is wrong.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: Some(shorten(&field.into())),
            ..Self::bad_request(shorten(&message.into()))
        }
    }

    /// No run has this id.
    pub(crate) fn no_run(id: RunId) -> Self {
        Self::about_run(RefusalKind::NotFound, RefusedRun::Missing(id))
    }

    /// A text that is not an id names no run.
    pub(crate) fn not_a_run_id(text: &str) -> Self {
        let shown = text.chars().take(100).collect();
        Self::about_run(RefusalKind::NotFound, RefusedRun::NotAnId(shown))
    }

    fn about_run(kind: RefusalKind, run: RefusedRun) -> Self {
        Self {
            run: Some(Box::new(run)),
            ..Self::new(kind, "")
        }
    }

    /// Gives it a code.
    pub(crate) fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds what it is about.
    pub(crate) fn about(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.context.push((key, value.into()));
        self
    }

    /// A run whose lease the caller does not own counts as not found.
    pub(crate) fn or_not_owned(mut self) -> Self {
        if matches!(self.run.as_deref(), Some(RefusedRun::Rejected(_))) {
            self.kind = RefusalKind::NotFound;
        }
        self
    }

    /// The message, with the name of the field if it does not name it.
    pub(crate) fn message_with_field(&self) -> String {
        match &self.field {
            Some(field) if !self.message.contains(field) => format!("{field}: {}", self.message),
            _ => self.message.clone(),
        }
    }
}

/// Leaves out the middle of a text that is too long.
pub(crate) fn shorten(text: &str) -> String {
    if text.len() <= QUOTE_LIMIT {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(QUOTE_LIMIT / 2);
    let tail = text.ceil_char_boundary(text.len() - QUOTE_LIMIT / 2);
    format!("{} ... {}", &text[..head], &text[tail..])
}

/// Without a body: [`Contract::render`] writes it.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        use store::Error as E;
        match error {
            E::NotFound(id) => Self::no_run(id),
            E::Rejected(rejected) => {
                Self::about_run(RefusalKind::Conflict, RefusedRun::Rejected(rejected))
            }
            E::KeyReused => Self::field("Idempotency-Key", error.to_string()),
            E::Exclusive { run, .. } => {
                Self::conflict(error.to_string()).about("run_id", run.to_string())
            }
            E::CalledOff(_) => Self::conflict(error.to_string()),
            E::Part { .. } => Self::field("parts", error.to_string()),
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
                // The database's message is for the operator, not for the caller.
                tracing::error!(%error, "a request failed");
                Self::internal(match error {
                    E::Unavailable(_) | E::Denied(_) | E::Missing(_) => {
                        "the database is not available; nothing was changed"
                    }
                    E::Unknown(_) => {
                        "the database did not answer: it is not known whether this was done"
                    }
                    _ => "internal error",
                })
            }
        }
    }
}

/// A path that is not text names nothing.
impl From<PathRejection> for Refusal {
    fn from(_: PathRejection) -> Self {
        Self::not_found("the path is not UTF-8")
    }
}
