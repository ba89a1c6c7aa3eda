//! A Docker engine for tests: the one that `cargo xtask test` starts for all tests together, and engines of
//! one's own for tests that kill one. No part of the product.
//!
//! Each runs in network, mount and process namespaces of its own, so it collides with no other engine, and
//! nothing of it is left when its first process is gone: no process, mount, bridge or packet filter rule.
//! Containers are reached from outside by their addresses; there is no way to a registry.

mod engine;
mod http;
mod images;
mod programs;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub use engine::Engine;
pub use images::{BUSYBOX, SAMPLE};
pub use programs::{Program, missing};

/// The environment variable that tells tests where the directory of their common engine is.
pub const DIRECTORY_VARIABLE: &str = "PLAYHOUSE_TEST_DOCKER";

/// Where an engine is, and what belongs to it.
#[derive(Clone, Debug)]
pub struct Location {
    directory: PathBuf,
}

/// The tests' common engine.
///
/// # Panics
/// When the tests were not started by `cargo xtask test`.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one setting of tests, which comes from `cargo xtask`"
)]
pub fn common() -> Location {
    let directory = std::env::var(DIRECTORY_VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{DIRECTORY_VARIABLE} is not set: run the tests by `cargo xtask test`, which starts a Docker engine"
        )
    });
    Location {
        directory: directory.into(),
    }
}

impl Location {
    /// One that runs in this directory.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_path_buf(),
        }
    }

    /// Its directory, the value of [`DIRECTORY_VARIABLE`].
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.join("docker.sock")
    }

    /// Its URL, as in `DOCKER_HOST`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The program that the image [`SAMPLE`] is made of.
    pub(crate) fn sample(&self) -> PathBuf {
        self.directory.join("sample")
    }

    /// The program of Docker Compose.
    #[must_use]
    pub fn compose(&self) -> PathBuf {
        self.directory.join("docker-compose")
    }

    /// The IPv4 address of this machine as containers see it.
    ///
    /// # Panics
    /// When the engine is gone.
    #[must_use]
    pub fn gateway(&self) -> String {
        format!("10.{}.255.1", self.number())
    }

    /// The IPv4 address at which published ports of containers are reached from this machine.
    ///
    /// # Panics
    /// When the engine is gone.
    #[must_use]
    pub fn published(&self) -> String {
        format!("10.{}.255.2", self.number())
    }

    /// The second number of all addresses in its network.
    fn number(&self) -> String {
        let number = fs::read_to_string(self.directory.join("number"));
        number.expect("the engine runs").trim().to_owned()
    }
}
