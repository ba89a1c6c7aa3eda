//! Another master key takes the place of the one before, while the server runs.
//!
//! The new key is on disk beside the old one before the database has what it seals, and replaces it afterwards:
//! whenever the server is killed, one of both opens the database at the next start.

use std::path::PathBuf;

use store::{Batch, Store, audit::AuditEntry};
use tokio::task::spawn_blocking;

use super::{DataKey, MasterKey, Vault, VaultError};
use crate::refusal::Refusal;

impl Vault {
    /// Seals the data key under the new key that is given, or under one that is made. Answers the file that has
    /// it now, if it is kept in one.
    pub(crate) async fn rotate(
        &self,
        store: &Store,
        given: Option<&str>,
        entry: AuditEntry,
    ) -> Result<Option<PathBuf>, Refusal> {
        let new = match (given, &self.file) {
            (Some(text), _) => MasterKey::parse(text, "key")
                .map_err(|error| Refusal::field("key", error.to_string()))?,
            (None, Some(_)) => MasterKey::draw(),
            (None, None) => {
                let message = "this server gets its master key from outside: give the new one, and start the \
                    server with that from then on";
                return Err(Refusal::field("key", message));
            }
        };
        self.sealer(store).await?;
        let mut master = self.master.lock().await;
        let before = store.read(store::credentials::data_key).await?;
        let before = before.ok_or_else(|| Refusal::internal("the data key is missing"))?;
        if let Some(file) = self.file.clone() {
            // An earlier rotation may have ended without an answer of the database.
            let sealed = before.clone();
            *master = blocking(move || MasterKey::that_opens(&file, &sealed)).await?;
        }
        let data = DataKey::opened(&master, &before).ok_or_else(|| {
            Refusal::conflict(
                "another server has rotated the master key: start this one with that key first",
            )
        })?;
        let after = data.sealed(&new);
        let new = match self.file.clone() {
            Some(file) => blocking(move || new.stage(&file).map(|()| new)).await?,
            None => new,
        };
        let work = move |batch: &mut Batch<'_, '_>| {
            let replaced = store::credentials::replace_data_key(batch, &before, &after)?;
            if replaced {
                batch.record(&entry);
            }
            Ok(replaced)
        };
        if !store.write(work).await? {
            return Err(Refusal::conflict(
                "the master key was rotated at the same time",
            ));
        }
        *master = new;
        if let Some(file) = self.file.clone() {
            let failed = move |error| VaultError::File(file.display().to_string(), error);
            let file = self.file.clone().unwrap_or_default();
            blocking(move || MasterKey::promote(&file).map_err(failed)).await?;
        }
        Ok(self.file.clone())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, Refusal> {
    let done = spawn_blocking(work).await;
    let done = done.map_err(|error| error.to_string());
    done.and_then(|done| done.map_err(|error| error.to_string()))
        .map_err(|why| {
            tracing::error!(why, "the master key cannot be rotated");
            Refusal::internal("the master key cannot be rotated: see the log of the server")
        })
}
