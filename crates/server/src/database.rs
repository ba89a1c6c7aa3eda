//! The database of a server, and whether one could start on it.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path};

use store::{Condition, Location, Store};

use crate::Error;

/// Name of the embedded database in the data directory.
pub(crate) const FILE: &str = "playhouse.db";

/// Where a server keeps its jobs.
pub struct Database {
    location: Location,
}

impl Database {
    /// The embedded one of a data directory, unless `url` names a PostgreSQL.
    #[must_use]
    pub fn new(data_dir: &Path, url: Option<&str>) -> Self {
        let location = match url {
            Some(url) => Location::Postgres(url.to_owned()),
            None => Location::Sqlite(data_dir.join(FILE)),
        };
        Self { location }
    }

    /// For people: which program, and where. Without the password.
    #[must_use]
    pub fn place(&self) -> String {
        self.location.place()
    }

    /// Connects as a starting server does, and looks whether it could start. Changes nothing.
    ///
    /// # Errors
    /// Those that a starting server would meet.
    pub async fn check(self) -> Result<Condition, store::Error> {
        tokio::task::spawn_blocking(move || store::inspect(&self.location))
            .await
            .unwrap_or_else(|error| Err(store::Error::Unavailable(error.to_string())))
    }

    /// Opens it; `now` is in epoch milliseconds.
    pub(crate) async fn open(self, now: i64) -> Result<Store, Error> {
        // Opening may run migrations, and waits for the disk.
        let open = move || {
            if let Location::Sqlite(file) = &self.location {
                make_private(file)?;
            }
            Ok(Store::open(&self.location, rand::random(), now)?)
        };
        let opened = tokio::task::spawn_blocking(open).await;
        opened.map_err(|error| Error::Serve(error.to_string()))?
    }
}

/// Makes the file of a new database, for its owner alone: its log and shared memory get the same mode.
fn make_private(file: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let made = options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(file);
    made.map(drop)
        .map_err(|error| Error::DataDir(file.display().to_string(), error))
}
