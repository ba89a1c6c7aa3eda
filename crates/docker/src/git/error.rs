//! How work with a repository failed.

use std::{io, sync::Arc};

use crate::ChildError;

/// How work with a repository failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GitError {
    /// The address cannot be used.
    #[error("repository address {0}")]
    Repository(String),
    /// The name is no name of a branch.
    #[error("{0:?} is not a valid branch name")]
    BranchName(String),
    /// The repository has no such branch.
    #[error("branch {0} does not exist in the repository")]
    NoBranch(String),
    /// The repository wants credentials, or others.
    #[error("the repository refused access: {0}")]
    Denied(String),
    /// There is no such repository, or it is not shown to these credentials.
    #[error("the repository was not found: {0}")]
    NotFound(String),
    /// The repository's host does not answer.
    #[error("the repository's host does not answer: {0}")]
    Unreachable(String),
    /// Files were changed that no commit has.
    #[error("the checkout has changes that are not committed")]
    Dirty,
    /// The checkout has commits that the repository's branch does not have.
    #[error("branch {0} of the checkout and of the repository have diverged")]
    Diverged(String),
    /// The disk is full.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// The credentials cannot be handed over.
    #[error("the credentials cannot be used: {0}")]
    Credentials(&'static str),
    /// Git failed otherwise.
    #[error(transparent)]
    Run(#[from] ChildError),
    /// Files cannot be read or written.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What happened.
        error: Arc<io::Error>,
    },
}

impl GitError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |error| Self::Io {
            what,
            error: Arc::new(error),
        }
    }

    /// True when the same may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let timed_out = matches!(self, Self::Run(ChildError::TimedOut { .. }));
        timed_out || matches!(self, Self::Unreachable(_))
    }

    /// Tells from what git printed why it failed; it says it in English, as its language is set.
    pub(super) fn from_run(error: ChildError) -> Self {
        let ChildError::Failed { lines, .. } = &error else {
            return Self::Run(error);
        };
        let says = |texts: &[&str]| {
            let line = lines
                .iter()
                .find(|line| texts.iter().any(|text| line.contains(text)));
            line.cloned()
        };
        let told = says(&["No space left on device"]).map(Self::DiskFull);
        let told = told.or_else(|| says(&DENIED).map(Self::Denied));
        let told = told.or_else(|| says(&UNREACHABLE).map(Self::Unreachable));
        let told = told.or_else(|| says(&NOT_FOUND).map(Self::NotFound));
        told.unwrap_or(Self::Run(error))
    }
}

const DENIED: [&str; 6] = [
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "Permission denied (",
    "The requested URL returned error: 401",
    "The requested URL returned error: 403",
];

const UNREACHABLE: [&str; 9] = [
    "Could not resolve host",
    "Failed to connect to",
    "Connection refused",
    "Connection timed out",
    "Connection reset by peer",
    "Couldn't connect to server",
    "The requested URL returned error: 5",
    "early EOF",
    "the remote end hung up unexpectedly",
];

const NOT_FOUND: [&str; 4] = [
    "not found",
    "does not appear to be a git repository",
    "does not exist",
    "Repository not found",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> GitError {
        GitError::from_run(ChildError::Failed {
            program: "git",
            exit_code: 128,
            lines: vec![line.into()],
        })
    }

    #[test]
    fn the_reason_is_told_from_what_git_says() {
        assert!(matches!(
            told("fatal: Authentication failed for 'https://host/x'"),
            GitError::Denied(_)
        ));
        assert!(matches!(
            told("fatal: unable to access 'https://h/': Could not resolve host: h"),
            GitError::Unreachable(_)
        ));
        assert!(matches!(
            told("fatal: repository 'https://host/x/' not found"),
            GitError::NotFound(_)
        ));
        assert!(matches!(
            told("fatal: write error: No space left on device"),
            GitError::DiskFull(_)
        ));
        assert!(matches!(told("fatal: other"), GitError::Run(_)));
    }
}
