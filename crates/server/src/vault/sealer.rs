//! Seals and opens with the key of the database. That key is itself sealed, under the master key, so that another
//! master key changes one row.

use aes_gcm_siv::{
    Aes256GcmSiv, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::MasterKey;

const NONCE_LENGTH: usize = 12;
const KEY_LENGTH: usize = 32;
/// The name that the data key is sealed under.
const DATA_KEY: &str = "playhouse vault";

/// The key that everything in one database is sealed with.
pub(super) struct DataKey(Zeroizing<[u8; KEY_LENGTH]>);

impl DataKey {
    pub(super) fn draw() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    pub(super) fn sealed(&self, master: &MasterKey) -> Vec<u8> {
        Sealer::with(master.bytes()).seal(DATA_KEY, &*self.0)
    }

    pub(super) fn opened(master: &MasterKey, sealed: &[u8]) -> Option<Self> {
        let opened = Sealer::with(master.bytes()).open(DATA_KEY, sealed)?;
        let bytes = Zeroizing::new(opened);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }
}

/// Seals and opens. Each secret is bound to the name that it was sealed under.
pub(crate) struct Sealer(Aes256GcmSiv);

impl Sealer {
    fn with(key: &[u8; KEY_LENGTH]) -> Self {
        Self(Aes256GcmSiv::new(key.into()))
    }

    /// That of a database, from its sealed data key; nothing when this is not its master key.
    pub(super) fn opened(master: &MasterKey, sealed: &[u8]) -> Option<Self> {
        DataKey::opened(master, sealed).map(|key| Self::with(&key.0))
    }

    /// Seals a secret under a name.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LENGTH] = rand::random();
        let payload = Payload {
            msg: secret,
            aad: name.as_bytes(),
        };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload);
        // It fails only for secrets of many gigabytes.
        [&nonce[..], &sealed.unwrap_or_default()].concat()
    }

    /// Opens what was sealed under this name; nothing when it was not.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
        let payload = Payload {
            msg,
            aad: name.as_bytes(),
        };
        self.0.decrypt(&Nonce::from(*nonce), payload).ok()
    }

    /// The same as text.
    pub(crate) fn seal_text(&self, name: &str, secret: &[u8]) -> String {
        STANDARD.encode(self.seal(name, secret))
    }

    /// Opens what [`Self::seal_text`] gave.
    pub(crate) fn open_text(&self, name: &str, sealed: &str) -> Option<Vec<u8>> {
        self.open(name, &STANDARD.decode(sealed).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::{DataKey, MasterKey, Sealer};

    #[test]
    fn what_is_sealed_opens_under_its_name_and_key_alone() {
        let [one, other] = ["11", "22"].map(|digits| {
            let key = MasterKey::parse(&digits.repeat(32), "a test").expect("a key");
            Sealer::with(key.bytes())
        });
        let sealed = one.seal("gateway", b"hunter2");
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(
            sealed,
            one.seal("gateway", b"hunter2"),
            "never twice the same"
        );
        assert_eq!(
            one.open("gateway", &sealed).as_deref(),
            Some(&b"hunter2"[..])
        );
        assert_eq!(one.open("other", &sealed), None);
        assert_eq!(other.open("gateway", &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(one.open("gateway", &changed), None, "byte {place}");
        }
        assert_eq!(one.open("gateway", &sealed[..11]), None);
    }

    #[test]
    fn another_master_key_opens_the_same_secrets() {
        let (old, new, data) = (MasterKey::draw(), MasterKey::draw(), DataKey::draw());
        let before = data.sealed(&old);
        let sealed = Sealer::opened(&old, &before)
            .expect("its key")
            .seal("a", b"b");
        assert!(Sealer::opened(&new, &before).is_none());
        let after = DataKey::opened(&old, &before)
            .expect("its key")
            .sealed(&new);
        let opened = Sealer::opened(&new, &after).expect("its key");
        assert_eq!(opened.open("a", &sealed).as_deref(), Some(&b"b"[..]));
        assert!(Sealer::opened(&old, &after).is_none());
    }
}
