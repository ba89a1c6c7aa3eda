//! How a job ended, as an exit code and as a line for people.

use serde::Serialize;

use crate::exit::Exit;

/// How a job ended.
pub(super) struct JobOutcome {
    /// What a command that waited for it ends with.
    pub(super) exit: Exit,
    /// Such as `failed: exit code 3`.
    pub(super) text: String,
}

/// A job of either contract, as commands on several jobs see it.
pub(super) trait AnyJob: Serialize {
    /// Its id.
    fn id(&self) -> &str;

    /// Where it stands, in a word.
    fn standing(&self) -> &str;

    /// How it ended.
    fn outcome(&self) -> JobOutcome;
}
