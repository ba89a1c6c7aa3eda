//! `plugin …`: plugins on this machine, without a server.

mod check;
mod install;
mod list;
mod run;

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use executor::{Isolated, Settings};
use plugin::Catalogue;
use tempfile::TempDir;

use super::{executor as executors, place};
use crate::{
    args::{Isolation, Plugin},
    exit::{Exit, Failure},
};

pub(super) async fn run(plugin: Plugin) -> Result<Exit, Failure> {
    match plugin {
        Plugin::List(list) => list::run(list).await,
        Plugin::Check(check) => check::run(check).await,
        Plugin::Install(install) => install::run(&install),
        Plugin::Run(call) => run::run(call).await,
    }
}

/// An input: a file's JSON, or what comes from standard input.
pub(super) fn read_input(file: &Path) -> Result<serde_json::Value, Failure> {
    let from_stdin = file == Path::new("-");
    let text = if from_stdin {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text).map(|_| text)
    } else {
        fs::read(file)
    };
    let name = if from_stdin {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    };
    let text = text.map_err(|error| Failure::io(&name, &error))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::usage(format!("{name} is not JSON: {error}")))
}

/// The plugins in this directory, and those that are shipped.
async fn load(directory: PathBuf) -> Result<Catalogue, Failure> {
    let compiled = place::executor_dir("plugin").ok();
    let settings = executors::plugins(directory, compiled.map(|dir| dir.join("compiled")));
    tokio::task::spawn_blocking(move || settings.load())
        .await
        .map_err(|error| Failure::new(Exit::FAILED, error.to_string()))
}

/// What an executor would start processes with.
struct Shed {
    isolated: Isolated,
    dir: TempDir,
}

impl Shed {
    async fn open(isolation: Isolation) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new()
            .prefix("playhouse-plugin-")
            .tempdir()
            .map_err(|error| Failure::io("a directory to work in", &error))?;
        let mut settings = Settings::new("plugin", dir.path(), place::shim());
        settings.isolation = executors::level(isolation);
        let isolated = Isolated::open(settings).await;
        let isolated = isolated.map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?;
        Ok(Self { isolated, dir })
    }

    async fn close(self) {
        self.isolated.close().await;
        drop(self.dir);
    }
}
