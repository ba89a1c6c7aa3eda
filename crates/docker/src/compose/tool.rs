//! Where the Compose tool is, and whether it is new enough.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time};

/// The oldest version that is used: the first with `--progress json`.
const OLDEST: (u32, u32) = (2, 29);

/// It answers within milliseconds.
const ANSWER: Duration = Duration::from_secs(10);

/// Where Docker's packages put its plugins, and those who install by hand.
const PLUGINS: [&str; 4] = [
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
];

/// The program of Docker Compose, which works without the `docker` program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ComposeTool {
    program: PathBuf,
    version: String,
}

/// Why there is no usable Compose tool.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoCompose {
    /// It is nowhere.
    #[error(
        "Docker Compose is not installed: install docker-compose-plugin, version 2.29 or newer"
    )]
    Missing,
    /// It is older than 2.29.
    #[error("Docker Compose {version} at {program} is too old: install version 2.29 or newer")]
    TooOld {
        /// Where it is.
        program: PathBuf,
        /// What it says of itself.
        version: String,
    },
    /// It cannot be started, or does not say its version.
    #[error("Docker Compose at {program} does not work: {reason}")]
    Broken {
        /// Where it is.
        program: PathBuf,
        /// What happened.
        reason: String,
    },
}

impl ComposeTool {
    /// Finds it where Docker's plugins are, or as `docker-compose` on PATH.
    ///
    /// # Errors
    /// When it is not there, does not work or is too old.
    pub async fn find() -> Result<Self, NoCompose> {
        let program = places().into_iter().find(|place| place.is_file());
        Self::at(&program.ok_or(NoCompose::Missing)?).await
    }

    /// Takes the program that is named.
    ///
    /// # Errors
    /// When it does not work or is too old.
    pub async fn at(program: &Path) -> Result<Self, NoCompose> {
        let version = version(program).await.map_err(|error| NoCompose::Broken {
            program: program.to_path_buf(),
            reason: error.to_string(),
        })?;
        let program = program.to_path_buf();
        if numbers(&version).is_none_or(|numbers| numbers < OLDEST) {
            return Err(NoCompose::TooOld { program, version });
        }
        Ok(Self { program, version })
    }

    /// Where it is.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its version, such as `2.40.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn places() -> Vec<PathBuf> {
    let own = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let own = own.or_else(|| Some(env::home_dir()?.join(".docker")));
    let plugins = PLUGINS.iter().map(PathBuf::from);
    let directories = own
        .map(|own| own.join("cli-plugins"))
        .into_iter()
        .chain(plugins);
    let path = env::var_os("PATH").unwrap_or_default();
    directories
        .chain(env::split_paths(&path))
        .map(|directory| directory.join("docker-compose"))
        .collect()
}

async fn version(program: &Path) -> io::Result<String> {
    let mut command = Command::new(program);
    command.args(["version", "--short"]).env_clear();
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = time::timeout(ANSWER, output)
        .await
        .map_err(io::Error::from)??;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!(
            "{}: {}",
            output.status,
            said.trim()
        )));
    }
    let version = String::from_utf8_lossy(&output.stdout);
    Ok(version.trim().trim_start_matches('v').to_owned())
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("2.9.0") < Some(OLDEST));
        assert!(numbers("2.40.3") > Some(OLDEST));
        assert!(numbers("5.0.0-rc.1") > Some(OLDEST));
        assert_eq!(numbers("dev"), None);
    }
}
