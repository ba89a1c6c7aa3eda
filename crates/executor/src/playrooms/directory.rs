//! The directory of a playground: what was generated for it, and whose it is.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use playground::compose::ComposeDocument;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::directory;

/// Says whose a directory is.
const MARK: &str = "owner.json";
/// What the router needs.
const ROUTES: &str = "routes.json";
/// Which service comes from which checkout.
const SOURCES: &str = "sources.json";
/// The document that is applied, and the one that is to be.
const APPLIED: &str = "compose.yml";
const WANTED: &str = "compose.next.yml";
/// The document that was applied, while a change is undone.
const UNDO: &str = "compose.undo.yml";
/// The blueprint as its author wrote it, alone in a directory.
const BLUEPRINT: &str = "blueprint";

/// The playground to which a directory belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectoryMark {
    pub(crate) owner: String,
    pub(crate) playground: i64,
    pub(crate) project: String,
}

/// The directory of one playground.
#[derive(Clone, Debug)]
pub(crate) struct PlaygroundDirectory {
    path: PathBuf,
}

impl PlaygroundDirectory {
    /// The directory of a project, which need not be there.
    pub(crate) fn of(root: &Path, project: &str) -> io::Result<Self> {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if project.is_empty() || !project.bytes().all(plain) {
            return Err(io::Error::other(format!(
                "`{project}` is not the name of a Compose project"
            )));
        }
        Ok(Self {
            path: root.join(project),
        })
    }

    /// Every directory below the root that has a mark.
    pub(crate) fn all(root: &Path) -> io::Result<Vec<(Self, DirectoryMark)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(root)? {
            let directory = Self {
                path: entry?.path(),
            };
            if let Ok(Some(mark)) = directory.mark() {
                all.push((directory, mark));
            }
        }
        Ok(all)
    }

    /// Whose it is; `None` when it is not there.
    pub(crate) fn mark(&self) -> io::Result<Option<DirectoryMark>> {
        self.read(MARK)
    }

    /// The document that is applied, or the first one that is to be; `None` when there is none.
    pub(crate) fn document(&self) -> io::Result<Option<ComposeDocument>> {
        match read_document(&self.applied())? {
            None => self.next_document(),
            applied => Ok(applied),
        }
    }

    /// The document that is to be applied; `None` when there is none.
    pub(crate) fn next_document(&self) -> io::Result<Option<ComposeDocument>> {
        read_document(&self.wanted())
    }

    /// Removes what a change that was undone left.
    pub(crate) fn discard_next(&self) -> io::Result<()> {
        for path in [self.wanted(), self.undo()] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it, unless it is there and belongs to this playground.
    pub(crate) fn claim(&self, mark: &DirectoryMark) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.path)?;
        match self.read::<DirectoryMark>(MARK)? {
            Some(there) if there == *mark => {}
            None => self.write(MARK, &to_json(mark)?)?,
            Some(there) => {
                return Err(io::Error::other(format!(
                    "the directory {} belongs to playground {} of `{}`; remove it if that is gone",
                    self.path.display(),
                    there.playground,
                    there.owner
                )));
            }
        }
        builder.create(self.docker_config())
    }

    /// Removes it with everything in it, if it is this playground's.
    pub(crate) fn remove(&self, mark: &DirectoryMark) -> io::Result<()> {
        if self.read::<DirectoryMark>(MARK)?.as_ref() != Some(mark) {
            return Ok(());
        }
        // The mark goes last: what a crash leaves is still known to be ours.
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() != MARK {
                directory::remove(&entry.path());
            }
        }
        directory::remove(&self.path);
        if self.path.exists() {
            let shown = self.path.display();
            return Err(io::Error::other(format!(
                "the directory {shown} cannot be removed"
            )));
        }
        Ok(())
    }

    /// Docker's configuration for this playground: logins of registries.
    pub(crate) fn docker_config(&self) -> PathBuf {
        self.path.join("docker-config")
    }

    /// Files that are mounted into services.
    pub(crate) fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    /// Checkouts of repositories.
    pub(crate) fn checkouts(&self) -> PathBuf {
        self.path.join("checkouts")
    }

    /// Their git directories, which no container sees.
    pub(crate) fn git(&self) -> PathBuf {
        self.path.join("git")
    }

    pub(crate) fn applied(&self) -> PathBuf {
        self.path.join(APPLIED)
    }

    pub(crate) fn wanted(&self) -> PathBuf {
        self.path.join(WANTED)
    }

    pub(crate) fn undo(&self) -> PathBuf {
        self.path.join(UNDO)
    }

    /// Where services are built that come from repositories.
    pub(crate) fn contexts(&self) -> PathBuf {
        self.path.join("compose.contexts.json")
    }

    pub(crate) fn blueprint(&self) -> PathBuf {
        self.path.join(BLUEPRINT)
    }

    /// Writes a whole file, or leaves the one that is there.
    pub(crate) fn put(&self, path: &Path, text: &str) -> io::Result<()> {
        replace(path, text.as_bytes())
    }

    /// Makes the wanted document the applied one.
    pub(crate) fn apply(&self) -> io::Result<()> {
        match fs::rename(self.wanted(), self.applied()) {
            // An earlier attempt did it.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.applied().exists() => {
                Ok(())
            }
            renamed => renamed,
        }
    }

    pub(crate) fn save_routes(&self, routes: &impl Serialize) -> io::Result<()> {
        self.write(ROUTES, &to_json(routes)?)
    }

    pub(crate) fn save_sources(&self, sources: &BTreeMap<String, String>) -> io::Result<()> {
        self.write(SOURCES, &to_json(sources)?)
    }

    /// The checkouts by service, each by its path among them.
    pub(crate) fn sources(&self) -> io::Result<BTreeMap<String, String>> {
        Ok(self.read(SOURCES)?.unwrap_or_default())
    }

    pub(crate) fn routes<T: DeserializeOwned>(&self) -> io::Result<Option<T>> {
        self.read(ROUTES)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Ok(bytes) => {
                let wrong = |error| io::Error::other(format!("{}: {error}", path.display()));
                serde_json::from_slice(&bytes).map(Some).map_err(wrong)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        replace(&self.path.join(name), bytes)
    }
}

fn read_document(path: &Path) -> io::Result<Option<ComposeDocument>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let wrong = |error| io::Error::other(format!("{}: {error}", path.display()));
            ComposeDocument::from_yaml(&text).map(Some).map_err(wrong)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn to_json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

/// For its owner only: generated documents have secrets in them.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
