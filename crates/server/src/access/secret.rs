//! The form of keys and tickets: a word that says what it is, a public part, random digits.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::blobs::hex;

/// What keys begin with.
const KEY: &str = "itk";
/// Public digits of a key.
const PREFIX_DIGITS: usize = 12;
/// Secret digits: 160 random bits.
const SECRET_DIGITS: usize = 40;

/// A key or ticket in full. It is shown once and printed nowhere else.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new key: `itk_`, 12 public digits, `_`, 40 secret ones.
    pub(crate) fn key() -> Self {
        let (public, secret): ([u8; PREFIX_DIGITS / 2], [u8; SECRET_DIGITS / 2]) = rand::random();
        Self(format!("{KEY}_{}_{}", hex(&public), hex(&secret)))
    }

    /// A new ticket: a word and 40 secret digits.
    pub(crate) fn ticket(word: &str) -> Self {
        let secret: [u8; SECRET_DIGITS / 2] = rand::random();
        Self(format!("{word}_{}", hex(&secret)))
    }

    /// What is kept of it. It needs no salt: 160 random bits cannot be guessed.
    pub(crate) fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }

    /// Its public part, if it is a key.
    pub(crate) fn prefix(&self) -> &str {
        prefix(&self.0).unwrap_or_default()
    }

    /// The secret itself, for the one who asked for it.
    pub(crate) fn reveal(self) -> String {
        self.0
    }
}

/// What is kept of a secret.
pub(crate) fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// Whether this is the secret of that hash; takes as long for every wrong one.
pub(crate) fn is_hash_of(kept: &[u8], text: &str) -> bool {
    kept.ct_eq(&hash(text)).into()
}

/// The public part of a key, if the text has the form of one.
pub(crate) fn prefix(text: &str) -> Option<&str> {
    let (public, secret) = text.strip_prefix(KEY)?.strip_prefix('_')?.split_once('_')?;
    let digits = |text: &str, count| {
        text.len() == count
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    (digits(public, PREFIX_DIGITS) && digits(secret, SECRET_DIGITS)).then_some(public)
}

#[cfg(test)]
mod tests {
    use super::{Secret, is_hash_of, prefix};

    #[test]
    fn a_key_has_its_form_and_no_other_text_has() {
        let key = Secret::key();
        let (public, kept) = (key.prefix().to_owned(), key.hash());
        let text = key.reveal();
        assert_eq!(prefix(&text), Some(public.as_str()));
        assert!(is_hash_of(&kept, &text));
        assert_ne!(Secret::key().reveal(), text);
        let upper = text.to_uppercase();
        let longer = format!("{text}0");
        let mut other = text.clone();
        let last = if other.ends_with('0') { '1' } else { '0' };
        other.pop();
        other.push(last);
        assert!(!is_hash_of(&kept, &other));
        for wrong in [
            "",
            "itk_",
            "itk__",
            &text[1..],
            &upper,
            &longer,
            "itk_\u{e9}_x",
        ] {
            assert_eq!(prefix(wrong), None, "{wrong}");
        }
    }
}
