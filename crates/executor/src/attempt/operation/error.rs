//! Why an operation ends without what was asked for.

use docker::DockerError;
use playground::failures::FailureCategory;
use wire::executors::operations::OperationFailure;

use crate::{attempt::progress_reporter::Halt, playrooms::RoutesError};

/// Why an operation ends early.
pub(super) enum OperationError {
    /// It does not go on here.
    Halt(Halt),
    /// It failed, which is its outcome.
    Failed(Box<OperationFailure>),
}

impl OperationError {
    /// A failure of a category of crate `playground`.
    pub(super) fn failed(category: &str, message: impl Into<String>) -> Self {
        Self::Failed(Box::new(OperationFailure {
            category: category.to_owned(),
            message: message.into(),
            ..OperationFailure::default()
        }))
    }

    /// A failure whose category says what can be done.
    pub(super) fn of(category: FailureCategory, message: impl Into<String>) -> Self {
        let actions = category.next_actions().iter();
        Self::Failed(Box::new(OperationFailure {
            category: word(category),
            message: message.into(),
            next_actions: actions.map(|&action| action.to_owned()).collect(),
            ..OperationFailure::default()
        }))
    }

    /// The document is refused.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::of(FailureCategory::InvalidCompose, message)
    }

    /// A failure of this machine.
    pub(super) fn io(what: &str, error: &std::io::Error) -> Self {
        let category = if error.kind() == std::io::ErrorKind::StorageFull {
            FailureCategory::DiskFull
        } else {
            FailureCategory::HostInit
        };
        Self::of(category, format!("{what}: {error}"))
    }
}

/// The category as the contract writes it.
pub(super) fn word(category: FailureCategory) -> String {
    let word = serde_json::to_value(category).unwrap_or_default();
    word.as_str().unwrap_or("unknown").to_owned()
}

impl From<Halt> for OperationError {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// An engine that does not answer may answer later, or another executor: what it says is a failure.
impl From<DockerError> for OperationError {
    fn from(error: DockerError) -> Self {
        let message = error.to_string();
        match error {
            error if error.is_transient() => Self::Halt(Halt::Abandoned(message)),
            DockerError::DiskFull(_) => Self::of(FailureCategory::DiskFull, message),
            DockerError::Permission(_) => Self::of(FailureCategory::Permission, message),
            _ => match FailureCategory::of_line(&message) {
                Some(category) => Self::of(category, message),
                None => Self::of(FailureCategory::Unknown, message),
            },
        }
    }
}

impl From<RoutesError> for OperationError {
    fn from(error: RoutesError) -> Self {
        match error {
            RoutesError::Docker(error) => error.into(),
            RoutesError::Io(error) => Self::io("the playground's routes", &error),
            error @ RoutesError::Router(_) => {
                Self::of(FailureCategory::InvalidCompose, error.to_string())
            }
        }
    }
}
