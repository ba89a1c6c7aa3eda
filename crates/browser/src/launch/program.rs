//! Which program is Chromium, and which version.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time};

use super::sandbox::SandboxSupport;
use crate::error::BrowserError;

/// The usual names, in the order of preference.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// `--version` starts no browser.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// A Chromium that is installed here.
#[derive(Clone, Debug)]
pub struct Chromium {
    /// Its path.
    pub program: PathBuf,
    /// What `--version` prints, such as `Chromium 156.0.8078.114 built on Debian`.
    pub version: String,
    /// Whether its sandbox can be used by this process.
    pub sandbox: SandboxSupport,
}

impl Chromium {
    /// Finds Chromium and asks for its version. Starts no browser.
    ///
    /// # Errors
    /// It is not found, or does not print its version.
    pub async fn inspect(given: Option<&Path>) -> Result<Self, BrowserError> {
        let program = find(given)?;
        let version = version(&program).await?;
        let sandbox = SandboxSupport::detect(&program);
        Ok(Self {
            program,
            version,
            sandbox,
        })
    }
}

/// Finds Chromium: the given path or name, else the usual names in PATH. Nothing is ever downloaded.
///
/// # Errors
/// It is not there, or may not be executed.
pub fn find(given: Option<&Path>) -> Result<PathBuf, BrowserError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    find_in(given, &path)
}

fn find_in(given: Option<&Path>, path: &OsStr) -> Result<PathBuf, BrowserError> {
    let in_path = |name: &OsStr| {
        std::env::split_paths(path)
            .map(|directory| directory.join(name))
            .find(|program| is_executable(program))
    };
    let found = match given {
        Some(given) if given.components().count() > 1 => {
            is_executable(given).then(|| given.to_path_buf())
        }
        Some(given) => in_path(given.as_os_str()),
        None => NAMES.iter().find_map(|name| in_path(OsStr::new(name))),
    };
    found.ok_or_else(|| BrowserError::NotInstalled {
        looked: match given {
            Some(given) => given.display().to_string(),
            None => format!("{} in PATH", NAMES.join(", ")),
        },
    })
}

fn is_executable(path: &Path) -> bool {
    use nix::unistd::{AccessFlags, access};
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

async fn version(program: &Path) -> Result<String, BrowserError> {
    let failed = |reason: String| BrowserError::Launch {
        program: program.to_path_buf(),
        reason,
    };
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.kill_on_drop(true);
    let output = match time::timeout(VERSION_LIMIT, command.output()).await {
        Ok(output) => output.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(String::from("it did not print its version in time"))),
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() && !version.is_empty() {
        true => Ok(version),
        false => {
            let printed = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(failed(format!(
                "`--version` ended with {}: {printed}",
                output.status
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn install(directory: &Path, name: &str, mode: u32) -> PathBuf {
        let program = directory.join(name);
        fs::write(&program, "#!/bin/sh\necho Chromium 1.2.3\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        program
    }

    #[test]
    fn the_usual_names_are_found_in_order() {
        let directory = tempfile::tempdir().unwrap();
        install(directory.path(), "chrome", 0o755);
        let preferred = install(directory.path(), "chromium", 0o755);
        let path = directory.path().as_os_str();
        assert_eq!(find_in(None, path).unwrap(), preferred);
        let chrome = find_in(Some(Path::new("chrome")), path).unwrap();
        assert_eq!(chrome, directory.path().join("chrome"));
    }

    #[test]
    fn a_missing_one_is_an_error_that_says_how_to_install_it() {
        let directory = tempfile::tempdir().unwrap();
        let plain = install(directory.path(), "chromium", 0o644);
        let path = directory.path().as_os_str();
        for given in [None, Some(plain.as_path())] {
            let error = find_in(given, path).unwrap_err().to_string();
            assert!(error.contains("apt-get install chromium"), "{error}");
        }
    }
}
