//! The master key: 32 random bytes, in a file that only its owner reads, or given.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use zeroize::Zeroizing;

use super::VaultError;
use crate::blobs::hex;

const LENGTH: usize = 32;

/// The key. It is wiped when it is dropped, and never printed.
pub(crate) struct MasterKey(Zeroizing<[u8; LENGTH]>);

impl MasterKey {
    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// Reads 64 hexadecimal digits, with white space around them. `from` says where they come from: the text
    /// itself is never repeated.
    pub(crate) fn parse(text: &str, from: &str) -> Result<Self, VaultError> {
        let malformed = || VaultError::Malformed(from.to_owned());
        let digits = text.trim();
        if digits.len() != 2 * LENGTH || !digits.is_ascii() {
            return Err(malformed());
        }
        let mut bytes = Zeroizing::new([0; LENGTH]);
        for (place, byte) in bytes.iter_mut().enumerate() {
            let pair = &digits[2 * place..2 * place + 2];
            *byte = u8::from_str_radix(pair, 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }

    /// The key in a file. When it is not there, a new one is made if that is allowed.
    pub(super) fn of_file(file: &Path, may_be_made: bool) -> Result<Self, VaultError> {
        let shown = || file.display().to_string();
        let failed = |error| VaultError::File(shown(), error);
        match fs::read_to_string(file).map(Zeroizing::new) {
            Ok(text) => return Self::parse(&text, &shown()),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            Err(_) if !may_be_made => return Err(VaultError::Missing(shown())),
            Err(_) => {}
        }
        let key = Self(Zeroizing::new(rand::random()));
        let text = Zeroizing::new(format!("{}\n", hex(key.bytes())));
        let mut made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .map_err(failed)?;
        let directory = file.parent().map_or(Path::new("."), |parent| parent);
        made.write_all(text.as_bytes())
            .and_then(|()| made.sync_all())
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(failed)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{MasterKey, VaultError};

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("vault.key");
        let missing = MasterKey::of_file(&file, false).err().expect("missing");
        assert!(matches!(missing, VaultError::Missing(_)));
        assert!(!file.exists());
        let made = MasterKey::of_file(&file, true).expect("a key");
        let mode = fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = MasterKey::of_file(&file, true).expect("a key");
        assert_eq!(made.bytes(), again.bytes());
        fs::write(&file, "short").expect("written");
        assert!(MasterKey::of_file(&file, true).is_err());
        assert_eq!(
            fs::read_to_string(&file).expect("a text"),
            "short",
            "it is not replaced"
        );
    }

    #[test]
    fn a_wrong_key_is_not_repeated() {
        for wrong in ["", "secret", &"z".repeat(64), &"é".repeat(32)] {
            let error = MasterKey::parse(wrong, "--vault-key").err().expect("wrong");
            let shown = error.to_string();
            assert!(wrong.is_empty() || !shown.contains(wrong), "{shown}");
        }
    }
}
