//! The library: a folder of playbooks, fit for git and an editor. The files are the truth; what was read of
//! them is remembered as long as they stay the same.

mod baselines;
mod files;
mod folder;
mod path;
mod revisions;
mod write;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use playbook::{Bundle, Loaded, Playbook, Problem, Severity};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::{
    blobs,
    refusal::{Refusal, RefusalKind},
};
pub(crate) use baselines::BASELINE_LIMIT;
use folder::{Folder, Stamp};
pub(crate) use path::{PlaybookPath, is_playbook};
pub(crate) use revisions::{resolve, revision_text, revisions};
pub(crate) use write::Writing;

/// The code of a refusal because there is no such playbook.
const NOT_FOUND: &str = "playbook_not_found";

/// The library. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Library(Arc<Shared>);

struct Shared {
    folder: Folder,
    read: Mutex<HashMap<PlaybookPath, (Stamp, Arc<Found>)>>,
    /// The last revision of each playbook that is known to be kept.
    kept: Mutex<HashMap<String, String>>,
    /// Held while a playbook is written.
    writing: tokio::sync::Mutex<()>,
}

/// A playbook of the library.
pub(crate) struct Found {
    pub(crate) path: PlaybookPath,
    /// SHA-256 of the text, in hexadecimal.
    pub(crate) revision: String,
    /// When the file was last changed, epoch milliseconds.
    pub(crate) modified_ms: i64,
    pub(crate) text: String,
    /// What can be started, or why not.
    pub(crate) loaded: Result<Loaded, Vec<Problem>>,
}

impl Library {
    /// Opens the folder, which is made if need be. Blocks.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Shared {
            folder: Folder::open(root)?,
            read: Mutex::default(),
            kept: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        })))
    }

    /// Every playbook, by path.
    pub(crate) async fn list(&self) -> Result<Vec<Arc<Found>>, Refusal> {
        self.blocking(|shared| {
            let listed = shared.folder.list().map_err(|error| unreadable(&error))?;
            // What is gone is not remembered.
            let mut before = std::mem::take(&mut *shared.remembered());
            let mut found = Vec::with_capacity(listed.len());
            for file in listed {
                let same = before
                    .remove(&file.path)
                    .filter(|(stamp, _)| *stamp == file.stamp);
                let read = match same {
                    Some((_, read)) => read,
                    // It went, or became something else, since it was listed.
                    None => match shared.folder.read(&file.path) {
                        Ok((stamp, text)) => Arc::new(Found::new(file.path.clone(), stamp, text)),
                        Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                        Err(error) => {
                            Arc::new(Found::broken(file.path.clone(), file.stamp, &error))
                        }
                    },
                };
                shared
                    .remembered()
                    .insert(file.path, (file.stamp, Arc::clone(&read)));
                found.push(read);
            }
            Ok(found)
        })
        .await
    }

    /// One playbook.
    pub(crate) async fn get(&self, path: PlaybookPath) -> Result<Arc<Found>, Refusal> {
        self.blocking(move |shared| shared.get(path)).await
    }

    /// The text of a playbook and of every playbook that it reaches, by path, and what they are.
    pub(crate) async fn bundle(
        &self,
        root: &Arc<Found>,
    ) -> Result<(BTreeMap<String, String>, Bundle), Refusal> {
        let root = Arc::clone(root);
        self.blocking(move |shared| {
            let mut texts = BTreeMap::new();
            let mut playbooks: BTreeMap<String, Arc<Playbook>> = BTreeMap::new();
            let mut open = vec![Arc::clone(&root)];
            while let Some(found) = open.pop() {
                let path = found.path.as_str().to_owned();
                if texts.contains_key(&path) {
                    continue;
                }
                let playbook = found.playable()?.playbook.clone();
                for reached in playbook.runs() {
                    open.push(shared.get(playbook_path(&reached)?)?);
                }
                texts.insert(path.clone(), found.text.clone());
                playbooks.insert(path, Arc::new(playbook));
            }
            let root = root.path.as_str().to_owned();
            let bundle = Bundle { root, playbooks };
            match playbook::check_bundle(&bundle).first() {
                None => Ok((texts, bundle)),
                Some(found) => Err(unplayable(&found.path, &found.problem)),
            }
        })
        .await
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let shared = Arc::clone(&self.0);
        let done = spawn_blocking(move || work(&shared)).await;
        done.unwrap_or_else(|_| Err(Refusal::internal("internal error")))
    }
}

impl Shared {
    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<PlaybookPath, (Stamp, Arc<Found>)>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, path: PlaybookPath) -> Result<Arc<Found>, Refusal> {
        use io::ErrorKind as Kind;
        match self.folder.read(&path) {
            Ok((stamp, text)) => Ok(Arc::new(Found::new(path, stamp, text))),
            Err(error) => match error.kind() {
                Kind::InvalidData | Kind::FileTooLarge => {
                    Ok(Arc::new(Found::broken(path, Stamp::default(), &error)))
                }
                Kind::NotFound | Kind::NotADirectory | Kind::IsADirectory => {
                    Err(missing(path.as_str()))
                }
                // A link, or a way out.
                _ if matches!(
                    Errno::from_io_error(&error),
                    Some(Errno::LOOP | Errno::XDEV)
                ) =>
                {
                    Err(missing(path.as_str()))
                }
                _ => Err(unreadable(&error)),
            },
        }
    }
}

impl Found {
    fn new(path: PlaybookPath, stamp: Stamp, text: String) -> Self {
        let loaded = playbook::parse(&text);
        Self::with(path, stamp, text, loaded)
    }

    /// A file that is no text, or too long.
    fn broken(path: PlaybookPath, stamp: Stamp, error: &io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::InvalidData => "the file is not UTF-8 text".to_owned(),
            _ => error.to_string(),
        };
        let problem = Problem {
            line: None,
            column: None,
            severity: Severity::Error,
            message,
        };
        Self::with(path, stamp, String::new(), Err(vec![problem]))
    }

    fn with(
        path: PlaybookPath,
        stamp: Stamp,
        text: String,
        loaded: Result<Loaded, Vec<Problem>>,
    ) -> Self {
        Self {
            path,
            revision: blobs::hex(&Sha256::digest(&text)),
            modified_ms: i64::try_from(stamp.0 / 1_000_000).unwrap_or(0),
            text,
            loaded,
        }
    }

    /// The playbook, if it can be started.
    pub(crate) fn playable(&self) -> Result<&Loaded, Refusal> {
        let problems = match &self.loaded {
            Ok(loaded) => return Ok(loaded),
            Err(problems) => problems,
        };
        let error = problems.iter().find(|one| one.severity == Severity::Error);
        Err(match error.or(problems.first()) {
            Some(problem) => unplayable(self.path.as_str(), problem),
            None => Refusal::bad_request(format!("Playbook '{}' cannot be read", self.path)),
        })
    }
}

/// A path of the library that a request names.
pub(crate) fn playbook_path(text: &str) -> Result<PlaybookPath, Refusal> {
    PlaybookPath::parse(text).map_err(|why| {
        let shown: String = text.chars().take(100).collect();
        Refusal::bad_request(format!("Invalid path: {why}"))
            .coded("invalid_path")
            .about("path", shown)
    })
}

fn unplayable(path: &str, problem: &Problem) -> Refusal {
    Refusal::bad_request(format!(
        "Playbook '{path}' cannot be started: {}",
        problem.message
    ))
    .about("path", path)
    .about("line", problem.line)
    .about("column", problem.column)
}

fn missing(path: &str) -> Refusal {
    Refusal::not_found(format!("Playbook '{path}' not found"))
        .coded(NOT_FOUND)
        .about("path", path)
}

fn unreadable(error: &io::Error) -> Refusal {
    tracing::error!(%error, "the library cannot be read or written");
    Refusal::new(
        RefusalKind::Internal,
        "the library cannot be read or written",
    )
}
