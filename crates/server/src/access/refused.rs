//! Why a request does not pass the gate, and what it is told.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{rate, scope::Scope};
use crate::api::refusal;

/// Why a request does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It shows no key.
    NoKey,
    /// It shows none, there are none, and it does not come from this machine.
    Remote,
    /// It shows none, there are none, and it comes from this machine, where a proxy may be.
    Named,
    /// Its key or ticket is not good.
    Unknown,
    /// Its key does not have the scope.
    Scope(Scope),
    /// It is an executor's, and the executor does not hold the run.
    NotHeld,
    /// It is an executor's, and the path names another executor.
    Another,
    /// It asks more often than it may: again after so many milliseconds.
    TooOften(i64),
    /// Its address has shown too many wrong secrets: again after so many milliseconds.
    FailedAuthLimiter(i64),
    /// The database did not say which keys there are.
    Unavailable,
}

impl Refused {
    /// The answer, in the form of the face that `path` belongs to.
    pub(super) fn answer(self, path: &str) -> Response {
        let (status, message) = match self {
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                "a key is needed: send it as X-API-Key, or as Authorization: Bearer".to_owned(),
            ),
            Self::Remote => (
                StatusCode::UNAUTHORIZED,
                "there are no keys yet, so this server answers requests from its own machine \
                 only; make the first key there"
                    .to_owned(),
            ),
            Self::Named => (
                StatusCode::UNAUTHORIZED,
                "there are no keys yet, and this server has another name than its machine's own, so a \
                 proxy may pass on what comes from anywhere; make the first key with `playhouse key \
                 create` or with the setup token"
                    .to_owned(),
            ),
            Self::Unknown => (
                StatusCode::UNAUTHORIZED,
                "the key is not known, was revoked, or has expired".to_owned(),
            ),
            Self::Scope(scope) => (
                StatusCode::FORBIDDEN,
                format!("the key does not have the scope {}", scope.as_str()),
            ),
            Self::NotHeld => (
                StatusCode::FORBIDDEN,
                "an executor's key reads only what its executor holds".to_owned(),
            ),
            Self::Another => (
                StatusCode::FORBIDDEN,
                "the key belongs to another executor: give the executor the name of its key"
                    .to_owned(),
            ),
            Self::TooOften(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "the key asks more often than it may".to_owned(),
            ),
            Self::FailedAuthLimiter(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many wrong keys, tickets or tokens came from this address".to_owned(),
            ),
            Self::Unavailable => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the database is not available; nothing was changed".to_owned(),
            ),
        };
        let mut answer = refusal(path, status, &message);
        if status == StatusCode::UNAUTHORIZED {
            challenge(answer.headers_mut());
        }
        if let Self::TooOften(wait_ms) | Self::FailedAuthLimiter(wait_ms) = self {
            rate::come_again(answer.headers_mut(), wait_ms);
        }
        answer
    }
}

/// How to show a key.
pub(crate) fn challenge(headers: &mut HeaderMap) {
    headers.remove(header::WWW_AUTHENTICATE);
    for scheme in ["Bearer", "ApiKey"] {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
}
