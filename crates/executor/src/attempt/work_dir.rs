//! The directory of one attempt: current and home directory, and one for temporary files.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Path, PathBuf},
};

use tokio::task::spawn_blocking;
use wire::artifacts::check_name;

use super::PATH;
use crate::{directory, job_ids::JobId};

/// Removed, with all that is in it, when it is dropped. That blocks.
pub(super) struct WorkDir {
    path: PathBuf,
    home: PathBuf,
    temporary: PathBuf,
    output: PathBuf,
    /// Whom what runs in it is started as. Nobody else is until nothing of it is left.
    id: Option<JobId>,
}

impl WorkDir {
    /// Makes it, for its owner only.
    pub(super) fn create(path: PathBuf, id: Option<JobId>) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(&path)?;
        // Absolute: the program starts elsewhere.
        let path = fs::canonicalize(path)?;
        let dir = Self {
            home: path.join("home"),
            temporary: path.join("tmp"),
            output: path.join("output"),
            path,
            id,
        };
        fs::create_dir(&dir.home)?;
        fs::create_dir(&dir.temporary)?;
        fs::create_dir(&dir.output)?;
        Ok(dir)
    }

    /// Copies a file to where the program starts, read-only. It is no link: what the job does to it does
    /// nothing to the cache. Blocks.
    pub(super) fn lay(&self, name: &str, from: &Path) -> io::Result<()> {
        check_name(name).map_err(io::Error::other)?;
        let to = self.home.join(name);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(from, to).map(drop)
    }

    /// Makes a link to a program that has a name of its own: what a program does may depend on its name. Blocks.
    pub(super) fn call(&self, program: &Path, name: &str) -> io::Result<PathBuf> {
        let folder = self.path.join("program");
        fs::create_dir(&folder)?;
        let link = folder.join(name);
        symlink(fs::canonicalize(program)?, &link)?;
        Ok(link)
    }

    /// Makes all that was laid out belong to the user that the program is started as. Before that nobody else
    /// may write here.
    pub(super) async fn hand_over(&self) -> io::Result<()> {
        let Some(id) = self.user() else {
            return Ok(());
        };
        let path = self.path.clone();
        let given = spawn_blocking(move || directory::give(&path, id)).await;
        given.unwrap_or_else(|error| Err(error.into()))
    }

    /// The user that the program is started as, if that is not the executor's.
    pub(super) fn user(&self) -> Option<u32> {
        self.id.as_ref().map(|id| id.id)
    }

    /// For temporary files.
    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// All of it: the job may write here.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the program starts.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// What every program in it has in its environment.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [
            ("PATH", PATH.to_owned()),
            ("HOME", text(&self.home)),
            ("TMPDIR", text(&self.temporary)),
            ("OUTPUT_DIR", text(&self.output)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Removes all but what the run leaves. Nothing may run in it any more.
    pub(super) async fn clear(&self) {
        let unwanted = [self.home.clone(), self.temporary.clone()];
        let span = tracing::Span::current();
        let removed = spawn_blocking(move || {
            span.in_scope(|| unwanted.iter().for_each(|path| directory::remove(path)));
        });
        let _ = removed.await;
    }

    /// For what the run leaves.
    pub(super) fn output(&self) -> &Path {
        &self.output
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        directory::remove_or_set_aside(&self.path);
    }
}
