//! Why authentication or the scope check refuses a request.

use axum::response::{IntoResponse, Response};

use super::{Principal, key::STREAMS, scope::Scope};
use crate::refusal::{Refusal, RefusalKind};

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
    /// There are no keys, and it does not show that it is the operator's.
    NotOperator(Scope),
    /// It is an executor's, and the executor does not hold the run.
    NotHeld,
    /// It is an executor's, and the path names another executor.
    Another,
    /// It asks more often than it may: again after so many milliseconds.
    TooOften(i64),
    /// Its key has as many streams and sockets as it may.
    Streams,
    /// Its address has shown too many wrong secrets: again after so many milliseconds.
    FailedAuthLimiter(i64),
    /// The database did not say which keys there are.
    Unavailable,
}

impl Refused {
    /// Why this principal may not do what needs the scope.
    pub(super) fn of_scope(principal: &Principal, scope: Scope) -> Self {
        match principal {
            Principal::Loopback => Self::NotOperator(scope),
            _ => Self::Scope(scope),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        use RefusalKind as K;
        let (kind, message) = match refused {
            Refused::NoKey => (
                K::Unauthorized,
                "a key is needed: send it as X-API-Key, or as Authorization: Bearer",
            ),
            Refused::Remote => (
                K::Unauthorized,
                "there are no keys yet, so this server answers requests from its own machine \
                 only; make the first key there",
            ),
            Refused::Named => (
                K::Unauthorized,
                "there are no keys yet, and this server has another name than its machine's own, so a \
                 proxy may pass on what comes from anywhere; make the first key with `playhouse key \
                 create` or with the setup token",
            ),
            Refused::Unknown => (
                K::Unauthorized,
                "the key is not known, was revoked, or has expired",
            ),
            Refused::Scope(scope) => {
                let message = format!("the key does not have the scope {}", scope.as_str());
                return Self::new(K::Forbidden, message);
            }
            Refused::NotOperator(scope) => {
                let message = format!(
                    "there are no keys yet, and {} is the operator's alone: commands of `playhouse` prove that with \
                     the file `operator.token` of the data directory, others send its first line as X-API-Key",
                    scope.as_str()
                );
                return Self::new(K::Unauthorized, message);
            }
            Refused::NotHeld => (
                K::Forbidden,
                "an executor's key reads only what its executor holds",
            ),
            Refused::Another => (
                K::Forbidden,
                "the key belongs to another executor: give the executor the name of its key",
            ),
            Refused::TooOften(retry_after_ms) => (
                K::RateLimited { retry_after_ms },
                "the key asks more often than it may",
            ),
            Refused::Streams => {
                let message = format!("the key has {STREAMS} streams and sockets already");
                let retry_after_ms = 10_000;
                return Self::new(K::RateLimited { retry_after_ms }, message);
            }
            Refused::FailedAuthLimiter(retry_after_ms) => (
                K::RateLimited { retry_after_ms },
                "too many wrong keys, tickets or tokens came from this address",
            ),
            Refused::Unavailable => (
                K::Internal,
                "the database is not available; nothing was changed",
            ),
        };
        Self::new(kind, message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        Refusal::from(self).into_response()
    }
}
