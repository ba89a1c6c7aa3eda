//! Where attempts work: the locked work directory, and the isolation that everything gets.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::spawn_blocking;

use super::WorkDir;
use crate::{
    Error, Settings,
    addresses::AddressFilter,
    browsers::Browsers,
    cgroup::Cgroup,
    directory::{self, OwnedDirectory},
    isolation::Plan,
    job_ids::JobIds,
    process::ForkServer,
    shim::Spec,
};

pub(crate) struct AttemptEnvironment {
    pub(super) settings: Arc<Settings>,
    pub(super) plan: Plan,
    pub(super) shims: ForkServer,
    pub(super) addresses: AddressFilter,
    pub(crate) browsers: Browsers,
    /// Numbers the work directories.
    made: AtomicU64,
    directory: OwnedDirectory,
}

impl AttemptEnvironment {
    /// Opens the work directory, removes what a crash left there, and tries the isolation. Blocks.
    pub(crate) fn open(settings: Arc<Settings>) -> Result<Self, Error> {
        let owned = OwnedDirectory::open(&settings.work_dir)
            .and_then(|owned| directory::empty(&settings.work_dir).map(|()| owned))
            .map_err(failed("work", &settings.work_dir))?;
        let addresses = AddressFilter::new(&settings.allow_addresses, &settings.deny_addresses);
        Ok(Self {
            shims: ForkServer::new(settings.shim.clone()),
            plan: Plan::new(&settings).map_err(Error::Settings)?,
            browsers: Browsers::new(
                settings.browser.clone(),
                &settings.work_dir,
                addresses.clone(),
                settings.browser_keep,
            ),
            addresses,
            settings,
            made: AtomicU64::new(0),
            directory: owned,
        })
    }

    /// What every program is started with; it is killed after `left` unless its lease is renewed.
    pub(super) fn spec(&self, dir: &WorkDir, cgroup: &Cgroup, left: Option<Duration>) -> Spec {
        let grace = self.settings.cancel_grace.as_millis();
        Spec {
            environment: dir.environment(),
            directory: dir.home().to_owned(),
            writable: dir.path().to_owned(),
            temporary: Some(dir.temporary().to_owned()),
            view: self.plan.view.clone(),
            user: dir.user(),
            groups: self.plan.groups.clone(),
            parts: self.plan.parts.clone(),
            process_limit: Some(self.settings.pids_limit),
            file_limit_bytes: self.settings.file_limit_bytes,
            cgroups: cgroup.procs(),
            grace_ms: u64::try_from(grace).unwrap_or(u64::MAX),
            fence_ms: left.and_then(|left| u64::try_from(left.as_millis()).ok()),
            ..Spec::default()
        }
    }

    /// A new work directory.
    pub(super) async fn work_dir(&self) -> Result<WorkDir, String> {
        let path = self.restored().and_then(|()| self.free_path());
        let id = self.plan.job_ids.as_ref().map(JobIds::take).transpose()?;
        let made = spawn_blocking(move || path.and_then(|path| WorkDir::create(path, id))).await;
        made.map_err(|error| error.to_string())
            .and_then(|made| made.map_err(|error| error.to_string()))
            .map_err(|error| format!("the work directory cannot be made: {error}"))
    }

    /// Makes the directory of all work directories again if it was removed.
    pub(super) fn restored(&self) -> io::Result<()> {
        self.directory.restore().map(drop)
    }

    /// Whether work directories can be made. Blocks.
    ///
    /// # Errors
    /// Why not, in words for people.
    pub(super) fn check(&self) -> Result<(), String> {
        let dir = &self.settings.work_dir;
        let unusable = |error| {
            let dir = dir.display();
            format!("the work directory {dir} cannot be used: {error}")
        };
        let made = self.restored().and_then(|()| {
            let path = self.free_path()?;
            fs::create_dir(&path)?;
            fs::remove_dir(path)
        });
        made.map_err(unusable)
    }

    /// A path that nothing has yet: what a crash left may not have gone.
    fn free_path(&self) -> io::Result<PathBuf> {
        loop {
            let number = self.made.fetch_add(1, Ordering::Relaxed);
            let path = self.settings.work_dir.join(format!("attempt-{number}"));
            match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
    }
}

/// That a directory of the executor cannot be used.
pub(super) fn failed(what: &str, dir: &Path) -> impl FnOnce(io::Error) -> Error {
    let what = format!("the {what} directory {}", dir.display());
    move |source| Error::Directory { what, source }
}
