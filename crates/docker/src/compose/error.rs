//! How a run of the Compose tool failed.

use std::{io, sync::Arc};

use crate::ChildError;

/// The name of the tool in errors.
pub(super) const NAME: &str = "Docker Compose";

/// How a run of the Compose tool failed. The lines say what it means and what to do next.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ComposeError {
    /// The tool failed.
    #[error(transparent)]
    Run(#[from] ChildError),
    /// An earlier run for the project does not end.
    #[error("an earlier run of Docker Compose for this project, process {process}, does not end")]
    Locked {
        /// Its process id.
        process: u32,
    },
    /// The project's lock cannot be taken.
    #[error("failed to lock the directory of the project: {0}")]
    Lock(Arc<io::Error>),
}

impl ComposeError {
    /// The last lines that it printed, if it failed by itself or was too slow.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        match self {
            Self::Run(error) => error.lines(),
            Self::Locked { .. } | Self::Lock(_) => &[],
        }
    }

    /// Its exit code, if it ended by itself.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Run(ChildError::Failed { exit_code, .. }) => Some(*exit_code),
            _ => None,
        }
    }

    pub(super) fn output(reason: &impl ToString) -> Self {
        let reason = reason.to_string();
        Self::Run(ChildError::Output {
            program: NAME,
            reason,
        })
    }
}

impl From<io::Error> for ComposeError {
    fn from(error: io::Error) -> Self {
        Self::Lock(Arc::new(error))
    }
}
