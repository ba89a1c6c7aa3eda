//! The plugins that an executor has: folders, and what our own program serves.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    digest,
    manifest::{Entry, Manifest},
    plugin::{Host, Plugin},
    process::Program,
    wasm::{self, Component},
};

/// A plugin that a program of ours serves over the process protocol.
#[derive(Debug, Clone, Copy)]
pub struct Shipped<'a> {
    /// The text of its manifest; see [`Manifest::shipped`].
    pub manifest: &'a str,
    /// What is started: an absolute path, then arguments.
    pub argv: &'a [String],
}

/// A plugin that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenPlugin {
    /// As its manifest says, or its folder's name.
    pub name: String,
    /// Where it is; none for a shipped one.
    pub folder: Option<PathBuf>,
    /// Why.
    pub reason: String,
}

/// The plugins that are there, in the order in which they run, and those that are broken.
#[derive(Debug, Default)]
pub struct Catalogue {
    plugins: Vec<Arc<Plugin>>,
    broken: Vec<BrokenPlugin>,
}

impl Catalogue {
    /// The same without the plugins of these names.
    #[must_use]
    pub fn without(mut self, names: &[String]) -> Self {
        self.plugins
            .retain(|plugin| !names.contains(&plugin.manifest().name));
        self.broken.retain(|broken| !names.contains(&broken.name));
        self
    }

    /// Loads the shipped plugins, and each folder in each directory. Nothing that is wrong with one
    /// keeps others from being loaded; a directory that is not there has none. Where a name is there
    /// twice, the first counts and the other is broken.
    ///
    /// Blocks: it reads all files, and compiles components for which the directory `compiled` has no
    /// code yet. Without such a directory it compiles them each time.
    #[must_use]
    pub fn open(directories: &[PathBuf], compiled: Option<&Path>, shipped: &[Shipped<'_>]) -> Self {
        let mut catalogue = Self::default();
        for one in shipped {
            catalogue.add(Plugin::shipped(one));
        }
        for directory in directories {
            match folders(directory) {
                Ok(folders) => {
                    for folder in folders {
                        catalogue.add(Plugin::load(&folder, compiled));
                    }
                }
                Err(reason) => catalogue.broken.push(BrokenPlugin {
                    name: name_of(directory),
                    folder: Some(directory.clone()),
                    reason,
                }),
            }
        }
        catalogue.plugins.sort_by(|one, other| {
            let key = |plugin: &Plugin| (plugin.manifest.order, plugin.manifest.name.clone());
            key(one).cmp(&key(other))
        });
        catalogue
    }

    /// Removes from the directory `compiled` the code of components that are not in this catalogue.
    pub fn sweep(&self, compiled: &Path) {
        let components = self.plugins.iter().filter_map(|plugin| match &plugin.host {
            Host::Wasm(component) => Some(component),
            Host::Process(_) => None,
        });
        wasm::sweep(compiled, &components.flat_map(Component::files).collect());
    }

    fn add(&mut self, loaded: Result<Plugin, BrokenPlugin>) {
        match loaded {
            Ok(plugin) => match self.get(&plugin.manifest.name) {
                Some(first) => {
                    let reason = match &first.folder {
                        Some(folder) => format!("the name is taken by {}", folder.display()),
                        None => String::from("the name is taken by a shipped plugin"),
                    };
                    self.broken.push(BrokenPlugin {
                        name: plugin.manifest.name,
                        folder: plugin.folder,
                        reason,
                    });
                }
                None => self.plugins.push(Arc::new(plugin)),
            },
            Err(broken) => self.broken.push(broken),
        }
    }

    /// The plugins in the order in which they run.
    #[must_use]
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }

    /// The plugin of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Plugin>> {
        let mut plugins = self.plugins.iter();
        plugins.find(|plugin| plugin.manifest.name == name)
    }

    /// What cannot be used, and why.
    #[must_use]
    pub fn broken(&self) -> &[BrokenPlugin] {
        &self.broken
    }
}

impl Plugin {
    /// Loads one plugin from its folder. Blocks, as [`Catalogue::open`] does.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn load(folder: &Path, compiled: Option<&Path>) -> Result<Self, BrokenPlugin> {
        let broken = |name: String, reason: String| BrokenPlugin {
            name,
            folder: Some(PathBuf::from(folder)),
            reason,
        };
        let manifest = match Manifest::read(folder) {
            Ok(manifest) => manifest,
            Err(error) => return Err(broken(name_of(folder), error.to_string())),
        };
        let digest = digest::of_folder(folder);
        let host = host(&manifest, folder, compiled);
        match digest.and_then(|digest| Ok((digest, host?))) {
            Ok((digest, host)) => Ok(Self {
                manifest,
                digest,
                folder: Some(PathBuf::from(folder)),
                host,
            }),
            Err(reason) => Err(broken(manifest.name, reason)),
        }
    }

    /// # Errors
    /// Why it cannot be used.
    fn shipped(shipped: &Shipped<'_>) -> Result<Self, BrokenPlugin> {
        let manifest = Manifest::shipped(shipped.manifest, shipped.argv.to_vec());
        let loaded = manifest
            .map_err(|error| error.to_string())
            .and_then(|manifest| Ok((manifest, Program::known(shipped.argv)?)));
        match loaded {
            Ok((manifest, program)) => Ok(Self {
                manifest,
                digest: digest::of_bytes(shipped.manifest.as_bytes()),
                folder: None,
                host: Host::Process(program),
            }),
            Err(reason) => Err(BrokenPlugin {
                name: String::from("shipped"),
                folder: None,
                reason,
            }),
        }
    }
}

fn host(manifest: &Manifest, folder: &Path, compiled: Option<&Path>) -> Result<Host, String> {
    match &manifest.entry {
        Entry::Process { argv } => Program::find(argv, folder).map(Host::Process),
        Entry::Wasm { file, network } => {
            let fuel = manifest.limits.fuel.is_some();
            Component::load(&folder.join(file), network, fuel, compiled)
                .map(Host::Wasm)
                .map_err(|reason| format!("{file}: {reason}"))
        }
    }
}

/// The folders in a directory that may be plugins, in the order of their names.
fn folders(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| format!("cannot be read: {error}"))?
            .path();
        if path.is_dir() && digest::counts(&name_of(&path)) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The last part of a path, for people.
fn name_of(path: &Path) -> String {
    match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    }
}
