//! Keys as the operator makes them: on the data directory or the database, with no server or beside
//! a running one, which hears of it within a second.

use std::path::PathBuf;

use store::Store;
use wire::keys::{CreatedKey, KeyInfo, NewKey};

use super::issue::{Caller, IssueError, info, issue, revoke};
use crate::{Clock, Database, Error, assembled};

/// Whoever has the data directory, or the database.
pub struct Operator {
    store: Store,
    clock: Clock,
}

impl Operator {
    /// Opens the database at `database_url`, or that of the data directory, which is made if need be.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn open(data_dir: PathBuf, database_url: Option<String>) -> Result<Self, Error> {
        if database_url.is_none() {
            assembled::make_data_dir(&data_dir)?;
        }
        let clock = Clock::system();
        let database = Database::new(&data_dir, database_url.as_deref());
        let store = database.open(clock.now_ms()).await?;
        Ok(Self { store, clock })
    }

    /// Makes a key.
    ///
    /// # Errors
    /// See [`IssueError`].
    pub async fn create(&self, new: &NewKey) -> Result<CreatedKey, IssueError> {
        issue(&self.store, Caller::Operator, new, self.clock.now_ms()).await
    }

    /// The keys, newest first, revoked ones too.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self) -> Result<Vec<KeyInfo>, Error> {
        let rows = self.store.read(store::keys::list).await?;
        Ok(rows.iter().map(info).collect())
    }

    /// Revokes a key; `None` when there is none with this id.
    ///
    /// # Errors
    /// The database's.
    pub async fn revoke(&self, id: &str) -> Result<Option<KeyInfo>, Error> {
        Ok(revoke(&self.store, id, self.clock.now_ms()).await?)
    }
}
