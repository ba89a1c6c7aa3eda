//! Why a key was not made.

use store::keys::Added;

use crate::refusal::{Refusal, RefusalKind};

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// A field is wrong.
    #[error("{1}")]
    Field(&'static str, String),
    /// It would allow more than the caller's own.
    #[error("a key that allows more than your own can be neither made nor revoked")]
    TooMuch,
    /// The caller's own key is not good any more.
    #[error("the key was revoked, or has expired")]
    Revoked,
    /// There are keys already.
    #[error("there are keys already: show one")]
    NotFirst,
    /// The setup or join token is not good.
    #[error("the token is not known, was used, or has expired")]
    Token,
    /// The first key must be an admin's.
    #[error("the first key must be an admin's: another could not make a second one")]
    First,
    /// The name is taken.
    #[error("there is a key for this executor already: revoke it first")]
    NameTaken,
    /// The name is that of an executor that needs no key.
    #[error(
        "an executor of this name is at work without a key of its own: stop it, and wait for two \
         leases, or take another name"
    )]
    AtWork,
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<IssueError> for Refusal {
    fn from(error: IssueError) -> Self {
        let kind = match error {
            IssueError::Field(..) | IssueError::First => RefusalKind::BadRequest,
            IssueError::TooMuch => RefusalKind::Forbidden,
            IssueError::NotFirst | IssueError::Token | IssueError::Revoked => {
                RefusalKind::Unauthorized
            }
            IssueError::NameTaken | IssueError::AtWork => RefusalKind::Conflict,
            IssueError::Store(error) => return error.into(),
        };
        Self::new(kind, error.to_string())
    }
}

/// What became of a key that was to be made.
pub(super) fn made(added: Added) -> Result<(), IssueError> {
    match added {
        Added::Yes => Ok(()),
        Added::NotFirst => Err(IssueError::NotFirst),
        Added::First => Err(IssueError::First),
        Added::NameTaken => Err(IssueError::NameTaken),
    }
}
