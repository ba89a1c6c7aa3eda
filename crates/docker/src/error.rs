//! Why a request to the engine was not answered as wished.

use std::{error::Error, iter};

use bollard::errors::Error as ApiError;

/// Why a request to the engine failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DockerError {
    /// The engine does not answer: it does not run, or died in the middle.
    #[error("the Docker engine does not answer: {0}")]
    Unreachable(String),
    /// This process may not use the engine's socket.
    #[error("this process may not use the Docker engine: {0}")]
    Permission(String),
    /// There is no such container, network, volume or image.
    #[error("{0}")]
    NotFound(String),
    /// The state of things does not allow it: in use, or the name is taken.
    #[error("{0}")]
    Conflict(String),
    /// The engine's disk is full.
    #[error("the disk of the Docker engine is full: {0}")]
    DiskFull(String),
    /// The engine refused it.
    #[error("the Docker engine answered {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// No answer in time.
    #[error("the Docker engine did not answer in time")]
    Timeout,
    /// The answer was not understood.
    #[error("the Docker engine's answer is not understood: {0}")]
    Protocol(String),
}

impl DockerError {
    /// True when the engine's state is unknown, and the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Timeout)
    }

    fn from_status(status: u16, message: String) -> Self {
        if message.contains("no space left on device") {
            return Self::DiskFull(message);
        }
        match status {
            404 => Self::NotFound(message),
            409 => Self::Conflict(message),
            _ => Self::Refused { status, message },
        }
    }
}

impl From<ApiError> for DockerError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::DockerResponseServerError {
                status_code,
                message,
            } => Self::from_status(status_code, message),
            ApiError::DockerStreamError { error } => Self::from_status(500, error),
            ApiError::RequestTimeoutError => Self::Timeout,
            ApiError::SocketNotFoundError(path) => {
                Self::Unreachable(format!("no socket at {path}"))
            }
            ApiError::IOError { .. }
            | ApiError::HyperResponseError { .. }
            | ApiError::HyperLegacyError { .. } => unreachable(&error),
            _ => Self::Protocol(chain(&error)),
        }
    }
}

fn unreachable(error: &ApiError) -> DockerError {
    let denied = sources(error).any(|source| {
        source
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    });
    if denied {
        DockerError::Permission(chain(error))
    } else {
        DockerError::Unreachable(chain(error))
    }
}

/// The error with all its causes; those of HTTP hide the reason in the last one.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for source in sources(error) {
        let text = source.to_string();
        // Many repeat their cause.
        if texts.last().is_none_or(|last| !last.ends_with(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status_code: u16, message: &str) -> DockerError {
        let message = String::from(message);
        DockerError::from(ApiError::DockerResponseServerError {
            status_code,
            message,
        })
    }

    #[test]
    fn answers_are_told_apart() {
        assert!(matches!(
            answered(404, "no such container"),
            DockerError::NotFound(_)
        ));
        assert!(matches!(answered(409, "in use"), DockerError::Conflict(_)));
        let full = answered(500, "write /x: no space left on device");
        assert!(matches!(full, DockerError::DiskFull(_)));
        let refused = answered(500, "other");
        assert_eq!(refused.to_string(), "the Docker engine answered 500: other");
        assert!(!refused.is_transient());
        assert!(DockerError::from(ApiError::RequestTimeoutError).is_transient());
    }
}
