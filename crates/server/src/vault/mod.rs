//! The vault: seals what is secret, so that the database, its backups and its readers do not have it. Each
//! secret is bound to the name that it was sealed under.

mod fields;
mod master_key;

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use aes_gcm_siv::{
    Aes256GcmSiv, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use store::Store;

use crate::refusal::Refusal;
pub(crate) use master_key::MasterKey;

/// What is sealed as the proof of the master key, and the name of that.
const PROOF: &[u8] = b"playhouse vault 1";
const NONCE_LENGTH: usize = 12;

/// Why the vault cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key is not one.
    #[error("the master key of the vault is not 64 hexadecimal digits: {0}")]
    Malformed(String),
    /// The file of the key cannot be read or made.
    #[error("the master key of the vault cannot be kept in {0}: {1}")]
    File(String, std::io::Error),
    /// The database was used with a key, and there is none now.
    #[error("the master key of the vault is missing: {0} is not there")]
    Missing(String),
    /// The database was used with another key.
    #[error("the master key of the vault is another one than this database was used with")]
    Wrong,
}

/// Seals and opens.
pub(crate) struct Vault {
    cipher: Aes256GcmSiv,
    /// Whether the database is known to be used with this key.
    proven: AtomicBool,
}

impl Vault {
    pub(crate) fn new(key: &MasterKey) -> Self {
        Self {
            cipher: Aes256GcmSiv::new(key.bytes().into()),
            proven: AtomicBool::new(false),
        }
    }

    /// The vault of a database: with the key that is given, or that of the file, which is made if no key was
    /// used before. A key that does not fit is refused, and nothing is written.
    pub(crate) async fn open(
        given: Option<&str>,
        file: &Path,
        store: &Store,
    ) -> Result<Self, crate::Error> {
        let proof = store.read(store::credentials::known_proof).await?;
        let key = match given {
            Some(text) => MasterKey::parse(text, "--vault-key")?,
            None => MasterKey::of_file(file, proof.is_none())?,
        };
        let vault = Self::new(&key);
        match proof {
            Some(proof) if !vault.is_proof(&proof) => Err(VaultError::Wrong.into()),
            proof => {
                vault.proven.store(proof.is_some(), Ordering::Relaxed);
                Ok(vault)
            }
        }
    }

    /// Makes sure that the database is used with this key, before something is sealed for it. Of several
    /// servers whose keys differ, the first to seal something decides which key is right.
    pub(crate) async fn prove(&self, store: &Store) -> Result<(), Refusal> {
        if self.proven.load(Ordering::Relaxed) {
            return Ok(());
        }
        let offered = self.seal("", PROOF);
        let work =
            move |batch: &mut store::Batch<'_, '_>| store::credentials::proof(batch, &offered);
        if !self.is_proof(&store.write(work).await?) {
            tracing::error!(error = %VaultError::Wrong, "nothing can be sealed");
            return Err(Refusal::internal(
                "this server has another master key than the vault of its database",
            ));
        }
        self.proven.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn is_proof(&self, proof: &[u8]) -> bool {
        self.open_sealed("", proof)
            .is_some_and(|found| found == PROOF)
    }

    /// Seals a secret under a name.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LENGTH] = rand::random();
        let payload = Payload {
            msg: secret,
            aad: name.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload);
        // It fails only for secrets of many gigabytes.
        [&nonce[..], &sealed.unwrap_or_default()].concat()
    }

    /// Opens what was sealed under this name; nothing when it was not.
    pub(crate) fn open_sealed(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
        let payload = Payload {
            msg,
            aad: name.as_bytes(),
        };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{MasterKey, Vault};

    #[test]
    fn what_is_sealed_opens_under_its_name_and_key_alone() {
        let [one, other] = ["11", "22"].map(|digits| {
            let key = MasterKey::parse(&digits.repeat(32), "a test").expect("a key");
            Vault::new(&key)
        });
        let sealed = one.seal("gateway", b"hunter2");
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(
            sealed,
            one.seal("gateway", b"hunter2"),
            "never twice the same"
        );
        assert_eq!(
            one.open_sealed("gateway", &sealed).as_deref(),
            Some(&b"hunter2"[..])
        );
        assert_eq!(one.open_sealed("other", &sealed), None);
        assert_eq!(other.open_sealed("gateway", &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(one.open_sealed("gateway", &changed), None, "byte {place}");
        }
        assert_eq!(one.open_sealed("gateway", &sealed[..11]), None);
    }
}
