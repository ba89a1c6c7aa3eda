//! Why the store did not do something.

use engine::{Rejected, RunId};

/// Every way in which the store says no.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no such run.
    #[error("run {0} does not exist")]
    NotFound(RunId),
    /// The run's state does not allow it.
    #[error("{0}")]
    Rejected(#[from] Rejected),
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used before with another request body")]
    KeyReused,
    /// A live run has the same exclusive key.
    #[error("run {run} has the exclusive key `{key}` and has not ended")]
    Exclusive {
        /// The key.
        key: String,
        /// The run in the way.
        run: RunId,
    },
    /// What is reported of a part contradicts what is known of it.
    #[error("part {number} of run {run}: {why}")]
    Part {
        /// The run.
        run: RunId,
        /// The part.
        number: i64,
        /// What is wrong.
        why: String,
    },
    /// The run that a new one is to belong to was called off.
    #[error("run {0} was called off: it takes no more children")]
    CalledOff(RunId),
    /// The database cannot be reached or has no room; nothing was changed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database does not let this user in, or not do what is needed; nothing was changed.
    #[error("the database refuses this user: {0}")]
    Denied(String),
    /// The server of the database does not have it.
    #[error("there is no such database: {0}")]
    Missing(String),
    /// The connection broke during a commit and its outcome could not be found out.
    #[error("it is not known whether the change was made: {0}")]
    Unknown(String),
    /// Two transactions were in each other's way; the store runs them again by itself.
    #[error("two transactions were in each other's way: {0}")]
    Conflict(String),
    /// A constraint of the schema was violated: a defect of ours.
    #[error("a constraint was violated: {0}")]
    Constraint(String),
    /// Any other answer of the database.
    #[error("the database refused: {0}")]
    Database(String),
    /// A row does not say what the schema promises.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
    /// The database was written by a newer version of the program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: \
         start a newer program, or restore a backup"
    )]
    Newer {
        /// What the database says.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The store was shut down.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// True when the whole transaction is lost with it.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Unknown(_) | Self::Conflict(_)
        )
    }
}
