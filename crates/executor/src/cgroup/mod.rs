//! Limits on memory and processors by control groups, of either version, where they are writable.

mod hierarchy;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

pub(crate) use hierarchy::look;
use hierarchy::{Version, prepare};

/// The limits: what they are called, and the controllers that set them.
pub(crate) const MEMORY: (&str, &str) = ("memory limit", "memory");
pub(crate) const PROCESSOR: (&str, &str) = ("processor limit", "cpu");

/// Beginning of the names of the groups that this program makes.
const PREFIX: &str = "playhouse-";

/// Length of the span over which processor time is counted, in microseconds.
const PERIOD_US: u64 = 100_000;

/// How often, and after which wait, the removal of a group is tried again: its last process may
/// still be on its way out.
const REMOVALS: u32 = 100;
const REMOVAL_WAIT: Duration = Duration::from_millis(5);

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Limit on the memory of the group with which is tried whether plugins can have one.
const TRIAL_BYTES: u64 = 1 << 30;

/// One limit that every job gets: a hierarchy and the files to write in each new group.
#[derive(Clone, Debug)]
struct Limit {
    parent: PathBuf,
    files: Vec<(&'static str, String)>,
}

/// Makes the groups of jobs.
#[derive(Debug, Default)]
pub(crate) struct Cgroups {
    limits: Vec<Limit>,
    memory_bytes: Option<u64>,
    /// Where a group can have less memory than all have.
    memory: Option<(PathBuf, Version)>,
}

/// The groups of one job.
#[derive(Debug)]
pub(crate) struct Cgroup {
    dirs: Vec<PathBuf>,
    memory_bytes: Option<u64>,
}

impl Cgroups {
    /// Finds where the limits that are asked for can be set, and tries each: `joins` has a process
    /// join a group through such a file. Also says which cannot be set, and why. Groups that a crash
    /// left are removed. `plugins` have limits on memory of their own: without any that is asked for they
    /// get them where that is possible, silently not elsewhere.
    pub(crate) fn open(
        memory_bytes: Option<u64>,
        cpus: Option<f64>,
        plugins: bool,
        joins: impl Fn(PathBuf) -> Result<(), String>,
    ) -> (Self, Vec<String>) {
        let mut limits: Vec<Limit> = Vec::new();
        let (mut missing, mut place) = (Vec::new(), None);
        let memory = memory_bytes.map(|bytes| (MEMORY, memory_files(bytes)));
        let cpu = cpus.map(|cpus| (PROCESSOR, cpu_files(cpus)));
        for ((name, controller), files) in [memory, cpu].into_iter().flatten() {
            match Limit::prepare(controller, files, &joins) {
                Err(reason) => missing.push(format!("{name}: {reason}")),
                Ok((limit, version)) => {
                    if controller == MEMORY.1 {
                        place = Some((limit.parent.clone(), version));
                    }
                    limit.join(&mut limits);
                }
            }
        }
        if plugins && memory_bytes.is_none() && look(MEMORY.1).is_ok() {
            let tried = Limit::prepare(MEMORY.1, memory_files(TRIAL_BYTES), &joins);
            place = tried.ok().map(|(limit, version)| (limit.parent, version));
        }
        let cgroups = Self {
            limits,
            memory_bytes,
            memory: place,
        };
        (cgroups, missing)
    }

    /// Makes the groups of one job, with their limits.
    pub(crate) fn create(&self) -> Result<Cgroup, String> {
        make(&self.limits, self.memory_bytes)
    }

    /// The same with no more memory than this, where that can be limited.
    pub(crate) fn create_within(&self, bytes: u64) -> Result<Cgroup, String> {
        let Some((parent, version)) = &self.memory else {
            return self.create();
        };
        let bytes = self.memory_bytes.map_or(bytes, |most| most.min(bytes));
        let mut limits = self.limits.clone();
        // Of two limits on the same thing the one that is set later counts.
        Limit {
            parent: parent.clone(),
            files: files_of(*version, memory_files(bytes)),
        }
        .join(&mut limits);
        make(&limits, Some(bytes))
    }
}

fn make(limits: &[Limit], memory_bytes: Option<u64>) -> Result<Cgroup, String> {
    let name = next_name();
    let mut cgroup = Cgroup {
        dirs: Vec::new(),
        memory_bytes,
    };
    for limit in limits {
        match limit.create(&name) {
            Ok(dir) => cgroup.dirs.push(dir),
            Err(reason) => {
                cgroup.remove_now();
                return Err(reason);
            }
        }
    }
    Ok(cgroup)
}

impl Limit {
    /// Finds where a limit can be set, and tries it.
    fn prepare(
        controller: &str,
        files: Files,
        joins: impl Fn(PathBuf) -> Result<(), String>,
    ) -> Result<(Self, Version), String> {
        let (parent, version) = prepare(controller)?;
        let files = files_of(version, files);
        let limit = Self { parent, files };
        remove_leftovers(&limit.parent);
        limit.try_out(joins).map(|()| (limit, version))
    }

    /// Becomes one of these; those of one hierarchy are one.
    fn join(self, limits: &mut Vec<Self>) {
        match limits.iter_mut().find(|one| one.parent == self.parent) {
            Some(one) => one.files.extend(self.files),
            None => limits.push(self),
        }
    }

    /// Makes a group with this limit.
    fn create(&self, name: &str) -> Result<PathBuf, String> {
        let (parent, dir) = (self.parent.display(), self.parent.join(name));
        fs::create_dir(&dir)
            .map_err(|error| format!("no group can be made in {parent}: {error}"))?;
        let mut files = self.files.iter();
        match files.try_for_each(|(file, text)| set(&dir, file, text)) {
            Ok(()) => Ok(dir),
            Err(error) => {
                removed(&dir);
                Err(format!("it cannot be set below {parent}: {error}"))
            }
        }
    }

    /// Makes a group, has a process join it, and removes it.
    fn try_out(&self, joins: impl Fn(PathBuf) -> Result<(), String>) -> Result<(), String> {
        let dir = self.create(&next_name())?;
        let joined = joins(procs(&dir));
        let mut tries = 0..REMOVALS;
        while !removed(&dir) && tries.next().is_some() {
            std::thread::sleep(REMOVAL_WAIT);
        }
        joined
    }
}

fn next_name() -> String {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{number}", std::process::id())
}

/// The file through which a process joins the group.
fn procs(dir: &Path) -> PathBuf {
    dir.join("cgroup.procs")
}

impl Cgroup {
    /// The files through which a process joins.
    pub(crate) fn procs(&self) -> Vec<PathBuf> {
        self.dirs.iter().map(|dir| procs(dir)).collect()
    }

    /// The memory limit, when the kernel killed a process over it.
    pub(crate) fn was_out_of_memory(&self) -> Option<u64> {
        let killed = |dir: &PathBuf| {
            ["memory.events", "memory.oom_control"].iter().any(|file| {
                let text = fs::read_to_string(dir.join(file)).unwrap_or_default();
                text.lines().any(|line| {
                    line.strip_prefix("oom_kill ")
                        .is_some_and(|count| count.trim() != "0")
                })
            })
        };
        self.memory_bytes.filter(|_| self.dirs.iter().any(killed))
    }

    /// Removes the groups once their last process is gone.
    pub(crate) async fn remove(mut self) {
        for _ in 0..REMOVALS {
            self.dirs.retain(|dir| !removed(dir));
            if self.dirs.is_empty() {
                return;
            }
            tokio::time::sleep(REMOVAL_WAIT).await;
        }
        tracing::warn!(dirs = ?self.dirs, "the control groups of a job cannot be removed");
    }

    fn remove_now(self) {
        self.dirs.iter().for_each(|dir| {
            removed(dir);
        });
    }
}

fn removed(dir: &Path) -> bool {
    match fs::remove_dir(dir) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Groups of processes that are gone. One that is still in use cannot be removed, and is not.
fn remove_leftovers(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
        if pid.is_some_and(|(pid, _)| !Path::new("/proc").join(pid).exists()) {
            removed(&entry.path());
        }
    }
}

type Files = Vec<(Version, &'static str, String)>;

/// Those of one version.
fn files_of(version: Version, files: Files) -> Vec<(&'static str, String)> {
    let files = files.into_iter().filter(|(at, _, _)| *at == version);
    files.map(|(_, file, text)| (file, text)).collect()
}

fn memory_files(bytes: u64) -> Files {
    vec![
        (Version::One, "memory.limit_in_bytes", bytes.to_string()),
        (
            Version::One,
            "?memory.memsw.limit_in_bytes",
            bytes.to_string(),
        ),
        (Version::Two, "memory.max", bytes.to_string()),
        (Version::Two, "?memory.swap.max", "0".to_owned()),
    ]
}

fn cpu_files(cpus: f64) -> Files {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded before"
    )]
    let quota = (cpus.clamp(0.01, 10_000.0) * PERIOD_US as f64) as u64;
    vec![
        (Version::One, "cpu.cfs_period_us", PERIOD_US.to_string()),
        (Version::One, "cpu.cfs_quota_us", quota.to_string()),
        (Version::Two, "cpu.max", format!("{quota} {PERIOD_US}")),
    ]
}

/// Writes one setting. A name with `?` may be missing: it depends on how the kernel was started.
fn set(dir: &Path, file: &str, text: &str) -> io::Result<()> {
    match file.strip_prefix('?') {
        Some(file) if !dir.join(file).exists() => Ok(()),
        Some(file) => fs::write(dir.join(file), text),
        None => fs::write(dir.join(file), text),
    }
}
