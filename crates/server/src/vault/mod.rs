//! The vault: seals what is secret, so that the database, its backups and its readers do not have it.

mod fields;
mod inputs;
mod master_key;
mod rotate;
mod sealer;
mod uses;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use store::Store;
use tokio::sync::Mutex;

use crate::{Settings, refusal::Refusal};
pub(crate) use inputs::has_sealed;
pub(crate) use master_key::MasterKey;
pub(crate) use sealer::Sealer;
pub(crate) use uses::UseDetail;

use sealer::DataKey;

/// Why the vault cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key is not one.
    #[error("the master key of the vault is not 64 hexadecimal digits: {0}")]
    Malformed(String),
    /// The file of the key cannot be read or made.
    #[error("the master key of the vault cannot be kept in {0}: {1}")]
    File(String, std::io::Error),
    /// The command that prints the key did not.
    #[error("--vault-key-command gave no master key: {0}")]
    Command(String),
    /// The database was used with a key, and there is none now.
    #[error("the master key of the vault is missing: {0} is not there")]
    Missing(String),
    /// The database was used with another key.
    #[error("the master key of the vault is another one than this database was used with")]
    Wrong,
}

/// Seals and opens what is secret in one database.
pub(crate) struct Vault {
    /// Locked while another one takes its place.
    master: Mutex<MasterKey>,
    /// Where the master key is kept; `None` when it comes from outside.
    file: Option<PathBuf>,
    /// Known from the first secret on.
    sealer: OnceLock<Sealer>,
}

impl Vault {
    /// The vault of a database: with the key that is given, or that of the file, which is made if no key was
    /// used before. A key that does not fit is refused, and nothing is written.
    pub(crate) async fn open(
        settings: &Settings,
        file: &Path,
        store: &Store,
    ) -> Result<Self, crate::Error> {
        let sealed = store.read(store::credentials::data_key).await?;
        let given = match (&settings.vault_key, &settings.vault_key_command) {
            (Some(text), _) => Some(MasterKey::parse(text, "--vault-key")?),
            (None, Some(command)) => Some(MasterKey::of_command(command).await?),
            (None, None) => None,
        };
        let file = given.is_none().then(|| file.to_owned());
        let master = match (given, &file, &sealed) {
            (Some(key), ..) => key,
            (None, Some(file), Some(sealed)) => MasterKey::that_opens(file, sealed)?,
            (None, Some(file), None) => MasterKey::of_file(file, true)?,
            // Without a key there is a file.
            (None, None, _) => return Err(VaultError::Wrong.into()),
        };
        let sealer = OnceLock::new();
        if let Some(sealed) = sealed {
            let opened = Sealer::opened(&master, &sealed).ok_or(VaultError::Wrong)?;
            sealer.get_or_init(|| opened);
        }
        Ok(Self {
            master: Mutex::new(master),
            file,
            sealer,
        })
    }

    /// What seals and opens. Of several servers whose master keys differ, the first to ask for it decides which
    /// key is right.
    pub(crate) async fn sealer(&self, store: &Store) -> Result<&Sealer, Refusal> {
        if let Some(sealer) = self.sealer.get() {
            return Ok(sealer);
        }
        let master = self.master.lock().await;
        let offered = DataKey::draw().sealed(&master);
        let work = move |batch: &mut store::Batch<'_, '_>| {
            store::credentials::first_data_key(batch, &offered)
        };
        let sealed = store.write(work).await?;
        match Sealer::opened(&master, &sealed) {
            Some(sealer) => Ok(self.sealer.get_or_init(|| sealer)),
            None => {
                tracing::error!(error = %VaultError::Wrong, "nothing can be sealed");
                Err(Refusal::internal(
                    "this server has another master key than the vault of its database",
                ))
            }
        }
    }
}
