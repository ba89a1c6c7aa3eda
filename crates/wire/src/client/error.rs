//! What can go wrong between a client and the server.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::jobs::ErrorBody;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer came: the server is down, the network is, or the answer broke off. The call may
    /// or may not have had its effect.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server refused.
    #[error("{}", describe(*.status, .body))]
    Status {
        /// Status of the answer.
        status: StatusCode,
        /// Body of the answer.
        body: ErrorBody,
    },
    /// The answer is not what this client understands.
    #[error("the server's answer was not understood: {0}")]
    Answer(String),
    /// The request could not be formed.
    #[error("the request cannot be sent: {0}")]
    Request(String),
}

impl Error {
    /// True when the same call may succeed later: no answer, `429` or a server error.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Answer(_) | Self::Request(_) => false,
        }
    }

    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(super) fn from_status(status: StatusCode, body: &[u8]) -> Self {
        let body = serde_json::from_slice(body).unwrap_or_else(|_| ErrorBody {
            error: detail(body).unwrap_or_else(|| {
                let text = String::from_utf8_lossy(body);
                text.trim().chars().take(1000).collect()
            }),
            context: Map::new(),
        });
        Self::Status { status, body }
    }
}

/// What a problem of RFC 9457 says, or a refusal of one of the other contracts.
fn detail(body: &[u8]) -> Option<String> {
    let problem: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let told = problem.get("detail").or_else(|| problem.get("error"))?;
    let text = told.get("message").unwrap_or(told).as_str()?;
    let fields = told.get("details").and_then(Value::as_object);
    let fields = fields
        .into_iter()
        .flatten()
        .filter_map(|(field, messages)| {
            let messages = messages.as_array()?.iter().filter_map(Value::as_str);
            let messages: Vec<&str> = messages.collect();
            (!messages.is_empty()).then(|| format!("{field} {}", messages.join(", ")))
        });
    let fields: Vec<String> = fields.collect();
    Some(match fields.is_empty() {
        true => text.to_owned(),
        false => format!("{text}: {}", fields.join("; ")),
    })
}

fn describe(status: StatusCode, body: &ErrorBody) -> String {
    let field = body.context.get("field").and_then(Value::as_str);
    match field {
        Some(field) => format!("{} ({status}, field `{field}`)", body.error),
        None => format!("{} ({status})", body.error),
    }
}
