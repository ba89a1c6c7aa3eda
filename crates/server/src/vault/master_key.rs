//! The master key: 32 random bytes, in a file that only its owner reads, or given.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};
use zeroize::Zeroizing;

use super::{Sealer, VaultError};
use crate::blobs::hex;

const LENGTH: usize = 32;
/// How long a command may take that prints the key.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// The key. It is wiped when it is dropped, and never printed.
pub(crate) struct MasterKey(Zeroizing<[u8; LENGTH]>);

impl MasterKey {
    /// A new one.
    pub(super) fn draw() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

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

    /// The key that a command of the shell prints.
    pub(super) async fn of_command(command: &str) -> Result<Self, VaultError> {
        let failed = |why: String| VaultError::Command(why);
        let run = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .output();
        let ended = timeout(COMMAND_LIMIT, run).await;
        let ended = ended.map_err(|_| failed("it took too long".to_owned()))?;
        let ended = ended.map_err(|error| failed(error.to_string()))?;
        if !ended.status.success() {
            return Err(failed(ended.status.to_string()));
        }
        let printed = Zeroizing::new(ended.stdout);
        let text = std::str::from_utf8(&printed).unwrap_or_default();
        Self::parse(text, "what --vault-key-command printed")
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
        let key = Self::draw();
        key.write(OpenOptions::new().write(true).create_new(true), file)
            .map_err(failed)?;
        Ok(key)
    }

    /// The key in a file that opens this data key: the one there, or the one that a rotation was about to put
    /// there when it was killed. Afterwards the file has it, and nothing is left of the rotation.
    pub(super) fn that_opens(file: &Path, sealed: &[u8]) -> Result<Self, VaultError> {
        let failed = |error| VaultError::File(file.display().to_string(), error);
        let (next, there) = (next(file), Self::of_file(file, false));
        if let Ok(key) = &there
            && Sealer::opened(key, sealed).is_some()
        {
            match fs::remove_file(&next) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => return there,
            }
        }
        match Self::of_file(&next, false) {
            Ok(key) if Sealer::opened(&key, sealed).is_some() => {
                Self::promote(file).map_err(failed)?;
                Ok(key)
            }
            _ => there.and(Err(VaultError::Wrong)),
        }
    }

    /// Puts the key beside the file, for [`Self::promote`].
    pub(super) fn stage(&self, file: &Path) -> Result<(), VaultError> {
        let staged = next(file);
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true);
        self.write(options, &staged)
            .map_err(|error| VaultError::File(staged.display().to_string(), error))
    }

    /// Replaces the file with the key that was staged.
    pub(super) fn promote(file: &Path) -> io::Result<()> {
        fs::rename(next(file), file)?;
        sync_directory(file)
    }

    fn write(&self, options: &mut OpenOptions, file: &Path) -> io::Result<()> {
        let text = Zeroizing::new(format!("{}\n", hex(self.bytes())));
        let mut made = options.mode(0o600).open(file)?;
        made.write_all(text.as_bytes())?;
        made.sync_all()?;
        sync_directory(file)
    }
}

/// Where the next key waits.
fn next(file: &Path) -> PathBuf {
    file.with_extension("key.next")
}

fn sync_directory(file: &Path) -> io::Result<()> {
    let directory = file.parent().map_or(Path::new("."), |parent| parent);
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{MasterKey, VaultError};
    use crate::vault::sealer::DataKey;

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
    fn the_key_of_a_rotation_that_was_killed_is_found() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("vault.key");
        let old = MasterKey::of_file(&file, true).expect("a key");
        let (new, data) = (MasterKey::draw(), DataKey::draw());
        let (before, after) = (data.sealed(&old), data.sealed(&new));
        // Killed before the database had the new one.
        new.stage(&file).expect("staged");
        let found = MasterKey::that_opens(&file, &before).expect("a key");
        assert_eq!(found.bytes(), old.bytes());
        assert_eq!(fs::read_dir(&dir).expect("a directory").count(), 1);
        // Killed after it.
        new.stage(&file).expect("staged");
        for _ in 0..2 {
            let found = MasterKey::that_opens(&file, &after).expect("a key");
            assert_eq!(found.bytes(), new.bytes());
            assert_eq!(fs::read_dir(&dir).expect("a directory").count(), 1);
        }
        let wrong = MasterKey::that_opens(&file, &before).err().expect("wrong");
        assert!(matches!(wrong, VaultError::Wrong));
        fs::remove_file(&file).expect("removed");
        let missing = MasterKey::that_opens(&file, &before)
            .err()
            .expect("missing");
        assert!(matches!(missing, VaultError::Missing(_)));
    }

    #[tokio::test]
    async fn a_command_prints_the_key() {
        let printed = MasterKey::of_command(&format!("echo {}", "ab".repeat(32))).await;
        assert_eq!(printed.expect("a key").bytes(), &[0xab; 32]);
        for wrong in ["exit 3", "echo secret", "printf '\\377'"] {
            let error = MasterKey::of_command(wrong).await.err().expect("wrong");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
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
