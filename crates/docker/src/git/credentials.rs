//! Credentials for one run of git: through a pipe, once, to the host that they are for.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use tokio::process::Command;

use super::{GitError, Repository};

/// A user name, and a password or token, for HTTP.
#[derive(Clone)]
pub struct GitCredentials {
    /// The user name; for tokens many hosts take any.
    pub username: String,
    /// The password or token.
    pub password: String,
}

impl fmt::Debug for GitCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GitCredentials { .. }")
    }
}

/// The pipe, from which git's helper reads them. Dropping it takes back what was not read.
pub(super) struct Offered {
    // Its other end is opened by the helper. As this end reads as well, opening and writing never wait.
    _pipe: File,
    path: PathBuf,
}

impl Offered {
    /// Tells git to ask a helper, and has the credentials ready for it. The pipe is in a git directory of which
    /// the caller has the lock.
    pub(super) fn to(
        command: &mut Command,
        directory: &Path,
        repository: &Repository,
        credentials: &GitCredentials,
    ) -> Result<Self, GitError> {
        let origin = repository.origin().ok_or(GitError::Credentials(
            "the repository is not reached over HTTP",
        ))?;
        let values = [&credentials.username, &credentials.password];
        if values.iter().any(|value| value.contains(['\n', '\0'])) {
            return Err(GitError::Credentials("they hold a line break"));
        }
        // A pipe takes one page at once, whoever reads.
        if values.iter().map(|value| value.len()).sum::<usize>() > 3000 {
            return Err(GitError::Credentials("they are longer than 3,000 bytes"));
        }
        let io = || GitError::io("failed to hand over credentials");
        let path = directory.join("playhouse.pipe");
        // One that a crash has left is empty: what is in a pipe is nowhere else.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io()(error)),
            _ => {}
        }
        mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).map_err(|error| io()(error.into()))?;
        let mut pipe = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io())?;
        write!(pipe, "username={}\npassword={}\n\n", values[0], values[1]).map_err(io())?;
        let offered = Self { _pipe: pipe, path };
        // The empty line ends it, as no end of file comes. `store` and `erase` are for helpers that keep.
        let path = offered.path.to_string_lossy().replace('\'', "'\\''");
        let helper = format!(
            "!read_all() {{ [ \"$1\" = get ] || return 0; while IFS= read -r line && [ \"$line\" ]; do \
             printf '%s\\n' \"$line\"; done <'{path}'; }}; read_all"
        );
        command.args(["-c", &format!("credential.{origin}.helper={helper}")]);
        Ok(offered)
    }
}

impl Drop for Offered {
    fn drop(&mut self) {
        // The next one replaces it.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_them() {
        let credentials = GitCredentials {
            username: "me".into(),
            password: "secret".into(),
        };
        assert_eq!(format!("{credentials:?}"), "GitCredentials { .. }");
    }
}
