//! The plugins that this executor has: loaded at its start, and again when their directory changes.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use plugin::{Broken, Catalogue, Direction, Entry, Plugin, Shipped};
use tokio::task::spawn_blocking;
use wire::executors::{self, MetricInfo, PluginHost, PluginInfo};

use crate::settings::Plugins;

/// What the server takes of a name, a text and a schema, and how many plugins.
const NAME_BYTES: usize = 64;
const TEXT_BYTES: usize = 4 << 10;
const SCHEMA_BYTES: usize = 64 << 10;
const MOST_PLUGINS: usize = 256;
const MOST_METRICS: usize = 100;

/// When each file of the directory and of the plugins in it was last changed.
type Print = Vec<(std::ffi::OsString, Option<SystemTime>, u64)>;

pub(crate) struct Shelf {
    /// None: this executor performs no plugin jobs.
    settings: Option<Plugins>,
    now: RwLock<(Print, Arc<Catalogue>)>,
}

impl Shelf {
    pub(crate) async fn open(settings: Option<Plugins>) -> Arc<Self> {
        let shelf = Arc::new(Self {
            settings,
            now: RwLock::default(),
        });
        shelf.refresh().await;
        shelf
    }

    /// True when plugin jobs are performed here.
    pub(crate) fn is_used(&self) -> bool {
        self.settings.is_some()
    }

    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now.1)
    }

    /// Loads the plugins again if something in their directory changed. Who uses one that is gone now
    /// keeps it.
    pub(crate) async fn refresh(self: &Arc<Self>) {
        let shelf = Arc::clone(self);
        let refreshed = spawn_blocking(move || {
            let Some(settings) = &shelf.settings else {
                return;
            };
            let print = print(&settings.directory);
            {
                let now = shelf.now.read().unwrap_or_else(PoisonError::into_inner);
                // The first time there is nothing, not even what is shipped.
                let is_first = now.1.plugins().is_empty() && now.1.broken().is_empty();
                if now.0 == print && !is_first {
                    return;
                }
            }
            let catalogue = settings.load();
            for broken in catalogue.broken() {
                tracing::warn!(plugin = broken.name, "broken: {}", broken.reason);
            }
            let mut now = shelf.now.write().unwrap_or_else(PoisonError::into_inner);
            *now = (print, Arc::new(catalogue));
        });
        if let Err(error) = refreshed.await {
            tracing::error!(%error, "the plugins cannot be loaded");
        }
    }

    /// What the server is told of the plugins. A name that is there twice is told once.
    pub(crate) fn infos(&self) -> Vec<PluginInfo> {
        let catalogue = self.catalogue();
        let good = catalogue.plugins().iter().map(|plugin| info(plugin));
        let mut names = HashSet::new();
        good.chain(catalogue.broken().iter().map(broken))
            .filter(|info| names.insert(info.name.clone()))
            .take(MOST_PLUGINS)
            .collect()
    }
}

impl Plugins {
    /// Loads what is there now. Blocks: it compiles components that were never compiled before.
    #[must_use]
    pub fn load(&self) -> Catalogue {
        let shipped = self.shipped.iter().map(|one| Shipped {
            manifest: &one.manifest,
            argv: &one.argv,
        });
        Catalogue::open(
            std::slice::from_ref(&self.directory),
            self.compiled.as_deref(),
            &shipped.collect::<Vec<_>>(),
        )
        .without(&self.without)
    }
}

/// Two levels are enough: whoever changes a file deeper down installs the plugin again.
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

fn info(plugin: &Plugin) -> PluginInfo {
    let manifest = plugin.manifest();
    let host = match manifest.entry {
        Entry::Wasm { .. } => PluginHost::Wasm,
        Entry::Process { .. } => PluginHost::Process,
    };
    let schema = manifest.input_schema.clone();
    let fits = |schema: &serde_json::Value| schema.to_string().len() <= SCHEMA_BYTES;
    let metrics = manifest.metrics.iter().take(MOST_METRICS);
    PluginInfo {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        description: cut(&manifest.description),
        order: manifest.order,
        enabled: manifest.enabled,
        host: Some(host),
        metrics: metrics.map(metric).collect(),
        input_schema: schema.filter(fits),
        error: None,
    }
}

fn metric(metric: &plugin::Metric) -> MetricInfo {
    MetricInfo {
        name: metric.name.clone(),
        unit: Some(metric.unit.clone()).filter(|unit| !unit.is_empty()),
        direction: match metric.direction {
            Direction::Higher => Some(executors::Direction::Higher),
            Direction::Lower => Some(executors::Direction::Lower),
            Direction::None => None,
        },
    }
}

fn broken(broken: &Broken) -> PluginInfo {
    PluginInfo {
        name: name(&broken.name),
        version: String::new(),
        description: String::new(),
        order: 0,
        enabled: false,
        host: None,
        metrics: Vec::new(),
        input_schema: None,
        error: Some(cut(&broken.reason)),
    }
}

/// A broken plugin's name may be that of any folder.
fn name(name: &str) -> String {
    let plain = |character: char| match character {
        '-' | '_' | '.' => character,
        other if other.is_ascii_alphanumeric() => other,
        _ => '-',
    };
    let name: String = name.chars().map(plain).take(NAME_BYTES).collect();
    if name.is_empty() {
        "-".to_owned()
    } else {
        name
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES)].to_owned()
}
