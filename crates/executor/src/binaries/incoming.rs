//! A file that comes into the cache.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use super::Binaries;

/// A script whose interpreter does not exist: the system looks for that only after it has found that the file may
/// be run. So nothing runs.
const TRIAL: &str = "#!/nonexistent/playhouse-trial\n";

/// A file that is removed again unless it was renamed; also when the download is given up.
pub(super) struct Incoming(pub(super) PathBuf);

impl Incoming {
    /// Tries whether a file here can be run. Blocks.
    ///
    /// # Errors
    /// That it cannot be written, or the system refuses to run it.
    pub(super) fn run(&self) -> io::Result<()> {
        fs::write(&self.0, TRIAL)?;
        fs::set_permissions(&self.0, Permissions::from_mode(0o555))?;
        let started = Command::new(&self.0)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(io::Error::other(format!(
                    "no file in it can be run ({error}): is it on a file system that is mounted `noexec`?"
                )))
            }
            // Not found, or busy because another thread started a process just now.
            Err(_) => Ok(()),
            Ok(mut child) => child.wait().map(drop),
        }
    }
}

impl Binaries {
    /// Whether files of the cache can be run. Makes the directory again if it was removed. Blocks.
    ///
    /// # Errors
    /// Why not, in words for people.
    pub(crate) fn check(&self) -> Result<(), String> {
        let dir = self.0.dir.display();
        let trial = self.incoming().map_err(|error| error.to_string());
        let tried = trial.and_then(|trial| trial.run().map_err(|error| error.to_string()));
        tried.map_err(|why| format!("the cache directory {dir} cannot be used: {why}"))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
