//! `plugin …`: plugins on this machine, without a server.

mod check;
mod install;
mod list;
mod run;

use std::path::PathBuf;

use executor::{Isolated, Settings};
use plugin::Catalogue;
use tempfile::TempDir;

use super::{executor as executors, place};
use crate::{
    args::{Isolation, PluginArgs},
    exit::{Exit, Failure},
    output::print_bytes,
};

pub(super) async fn run(plugin: PluginArgs) -> Result<Exit, Failure> {
    match plugin {
        PluginArgs::List(list) => list::run(list).await,
        PluginArgs::Check(check) => check::run(check).await,
        PluginArgs::Install(install) => install::run(&install),
        PluginArgs::Run(call) => run::run(call).await,
        PluginArgs::Wit => print_bytes(plugin::WORLD.as_bytes()).map(|()| Exit::OK),
    }
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
        // Its processes filled it, to any depth. What is left of it, the directory itself tries again.
        let _ = plugin::tree::remove(self.dir.path());
    }
}
