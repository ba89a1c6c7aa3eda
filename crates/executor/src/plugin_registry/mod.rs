//! The plugins that this executor has: loaded at its start, and again when their directory changes.

mod advertisement;

use std::{
    fs,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use plugin::{Catalogue, Shipped};
use tokio::task::spawn_blocking;
use wire::executors::PluginInfo;

use crate::settings::Plugins;

/// When each file of the directory and of the plugins in it was last changed.
type Print = Vec<(std::ffi::OsString, Option<SystemTime>, u64)>;

pub(crate) struct PluginRegistry {
    /// None: this executor performs no plugin jobs.
    settings: Option<Plugins>,
    now: RwLock<Now>,
}

/// What is there.
#[derive(Default)]
struct Now {
    print: Print,
    catalogue: Arc<Catalogue>,
    advertisement: Vec<PluginInfo>,
}

impl PluginRegistry {
    pub(crate) async fn open(settings: Option<Plugins>) -> Arc<Self> {
        let plugin_registry = Arc::new(Self {
            settings,
            now: RwLock::default(),
        });
        plugin_registry.refresh().await;
        plugin_registry
    }

    /// True when plugin jobs are performed here.
    pub(crate) fn is_used(&self) -> bool {
        self.settings.is_some()
    }

    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now.catalogue)
    }

    /// Loads the plugins again if something in their directory changed. Who uses one that is gone now
    /// keeps it.
    pub(crate) async fn refresh(self: &Arc<Self>) {
        let plugin_registry = Arc::clone(self);
        let refreshed = spawn_blocking(move || {
            let Some(settings) = &plugin_registry.settings else {
                return;
            };
            let print = print(&settings.directory);
            let is_first = {
                let now = plugin_registry
                    .now
                    .read()
                    .unwrap_or_else(PoisonError::into_inner);
                // The first time there is nothing, not even what is shipped.
                let is_first = now.advertisement.is_empty();
                if now.print == print && !is_first {
                    return;
                }
                is_first
            };
            let all = settings.all();
            if let Some(compiled) = settings.compiled.as_deref().filter(|_| is_first) {
                all.sweep(compiled);
            }
            let catalogue = all.without(&settings.without);
            for broken in catalogue.broken() {
                tracing::warn!(plugin = broken.name, "broken: {}", broken.reason);
            }
            let mut now = plugin_registry
                .now
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            *now = Now {
                print,
                advertisement: advertisement::advertisement(&catalogue),
                catalogue: Arc::new(catalogue),
            };
        });
        if let Err(error) = refreshed.await {
            tracing::error!(%error, "the plugins cannot be loaded");
        }
    }

    /// What the server is told of the plugins.
    pub(crate) fn infos(&self) -> Vec<PluginInfo> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.advertisement.clone()
    }
}

impl Plugins {
    /// Loads what is there now. Blocks: it compiles components that were never compiled before.
    #[must_use]
    pub fn load(&self) -> Catalogue {
        self.all().without(&self.without)
    }

    fn all(&self) -> Catalogue {
        let shipped = self.shipped.iter().map(|one| Shipped {
            manifest: &one.manifest,
            argv: &one.argv,
        });
        Catalogue::open(
            std::slice::from_ref(&self.directory),
            self.compiled.as_deref(),
            &shipped.collect::<Vec<_>>(),
        )
    }
}

/// Two levels are enough: after a change of a deeper file the plugin has to be installed again.
fn print(directory: &Path) -> Print {
    let mut print = Vec::new();
    for entry in entries(directory) {
        for file in entries(&entry.path()) {
            print.push(line(&file));
        }
        print.push(line(&entry));
    }
    print.sort();
    print
}

fn entries(directory: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(directory).into_iter().flatten().flatten()
}

fn line(entry: &fs::DirEntry) -> (std::ffi::OsString, Option<SystemTime>, u64) {
    let found = entry.metadata().ok();
    let length = found.as_ref().map_or(0, fs::Metadata::len);
    let changed = found.and_then(|found| found.modified().ok());
    (entry.path().into(), changed, length)
}
