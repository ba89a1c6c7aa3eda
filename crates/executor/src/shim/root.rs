//! The root directory that a job sees: the system read-only, its own directory, and nothing else of the
//! machine.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::stat::{Mode, umask},
    unistd::{chdir, pivot_root},
};

use super::{
    spec::{Part, Spec},
    syscalls::{NO_DEVICES, NO_SET_ID, READ_ONLY, Tree, forbid},
};

/// Where the new root stands until it is the root; every machine has this directory.
const BASE: &str = "/proc";

/// Devices that every program may use: they keep nothing.
pub(super) const DEVICES: [&str; 6] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
];

/// What else there is in `/dev`.
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("/dev/ptmx", "pts/ptmx"),
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];

/// Directories that are the job's own, besides its work directory.
pub(super) const PRIVATE: [&str; 4] = ["/tmp", "/var/tmp", "/dev/shm", "/dev/pts"];

/// The file that programs look names up in.
const HOSTS: &str = "/etc/hosts";

/// One thing of the new root.
struct Layer {
    at: PathBuf,
    content: Content,
}

enum Content {
    /// What the machine has at the same path.
    Same(Tree),
    /// Something else that the machine has.
    Other(Tree),
    Link(PathBuf),
    /// A directory in memory.
    Memory,
    /// The processes of this namespace.
    Processes,
    Terminals,
    /// Nothing, in the place of what would be seen there.
    Hidden,
}

/// Enters a root of its own, in a mount namespace that is new.
pub(super) fn enter(spec: &Spec) -> Result<(), String> {
    // Others than the maker go through the directories that are made here.
    let before = umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let entered = build(spec);
    umask(before);
    entered.map_err(|reason| format!("{}: {reason}", Part::MountNamespace.name()))
}

fn build(spec: &Spec) -> Result<(), String> {
    make_private().map_err(|error| format!("mounts cannot be made private: {error}"))?;
    let layers = layers(spec)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), BASE, Some("tmpfs"), flags, Some("mode=0755"))
        .map_err(|error| format!("no directory can be mounted: {error}"))?;
    // The old root stands upon the new one then, until it is taken away below.
    chdir(BASE)
        .and_then(|()| pivot_root(".", "."))
        .map_err(|error| format!("the root cannot be changed: {error}"))?;
    for Layer { at, content } in &layers {
        attach(at, content).map_err(|error| format!("{}: {error}", at.display()))?;
    }
    fs::create_dir_all("/run").map_err(|error| format!("/run: {error}"))?;
    // Only now: the kernel mounts `/proc` where another one is in full view.
    umount2(".", MntFlags::MNT_DETACH)
        .and_then(|()| chdir("/"))
        .map_err(|error| format!("the old root cannot be left: {error}"))?;
    let hidden = layers
        .iter()
        .filter(|layer| matches!(layer.content, Content::Hidden));
    for at in hidden
        .map(|layer| layer.at.as_path())
        .chain([Path::new("/")])
    {
        forbid(at, READ_ONLY).map_err(|error| format!("{}: {error}", at.display()))?;
    }
    Ok(())
}

/// Nothing that is mounted in this namespace is mounted elsewhere, nor the other way round.
pub(super) fn make_private() -> nix::Result<()> {
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
}

/// Everything, the upper before the lower.
fn layers(spec: &Spec) -> Result<Vec<Layer>, String> {
    let view = &spec.view;
    let mut layers = Layers::default();
    layers.add("/dev/pts", Content::Terminals);
    layers.add("/dev/shm", Content::Memory);
    for (at, target) in DEVICE_LINKS {
        layers.add(at, Content::Link(target.into()));
    }
    for path in DEVICES {
        layers.copy(path, path, NO_SET_ID)?;
    }
    for path in &view.devices {
        layers.copy(path, path, NO_SET_ID)?;
    }
    if spec.parts.contains(&Part::PidNamespace) {
        layers.add("/proc", Content::Processes);
    } else {
        layers.copy("/proc", "/proc", NO_SET_ID | NO_DEVICES)?;
    }
    for at in ["/tmp", "/var/tmp"] {
        match &spec.temporary {
            Some(own) => layers.copy(own, at, NO_SET_ID | NO_DEVICES)?,
            None => layers.add(at, Content::Memory),
        }
    }
    for (at, target) in &view.links {
        layers.add(at, Content::Link(target.clone()));
    }
    for path in &view.readable {
        layers.copy(path, path, READ_ONLY | NO_SET_ID | NO_DEVICES)?;
    }
    let writable = view.writable.iter().map(PathBuf::as_path);
    for path in writable.chain(spec.work_dir()) {
        layers.copy(path, path, NO_SET_ID | NO_DEVICES)?;
    }
    for path in &view.hidden {
        if layers.shows(path) && path.exists() {
            layers.add(path, Content::Hidden);
        }
    }
    if let Some(program) = spec.program.as_deref()
        // A link to a file that is open: it leads there in any root.
        && !program.starts_with("/proc")
        && !layers.shows(program)
    {
        layers.copy(program, program, READ_ONLY | NO_SET_ID | NO_DEVICES)?;
    }
    if let (Some(file), Ok(at)) = (&spec.hosts, fs::canonicalize(HOSTS)) {
        layers.copy(file, at, READ_ONLY | NO_SET_ID | NO_DEVICES)?;
    }
    let mut layers = layers.0;
    layers.sort_by_key(|layer| layer.at.components().count());
    Ok(layers)
}

#[derive(Default)]
struct Layers(Vec<Layer>);

impl Layers {
    fn add(&mut self, at: impl Into<PathBuf>, content: Content) {
        let at = at.into();
        self.0.push(Layer { at, content });
    }

    /// Shows `path` at `at`. What is gone is not shown.
    fn copy(
        &mut self,
        path: impl AsRef<Path>,
        at: impl AsRef<Path>,
        forbidden: u64,
    ) -> Result<(), String> {
        let (path, at) = (path.as_ref(), at.as_ref());
        let tree = match Tree::copy(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            copied => copied.and_then(|tree| tree.forbid(forbidden).map(|()| tree)),
        };
        let tree = tree.map_err(|error| format!("{}: {error}", path.display()))?;
        let content = if path == at {
            Content::Same(tree)
        } else {
            Content::Other(tree)
        };
        self.add(at, content);
        Ok(())
    }

    /// True when the machine's own file would be seen there.
    fn shows(&self, path: &Path) -> bool {
        let above = self.0.iter().filter(|layer| path.starts_with(&layer.at));
        let nearest = above.max_by_key(|layer| layer.at.components().count());
        nearest.is_some_and(|layer| matches!(layer.content, Content::Same(_)))
    }
}

fn attach(at: &Path, content: &Content) -> io::Result<()> {
    match content {
        Content::Link(target) => {
            make_parent(at)?;
            symlink(target, at)
        }
        Content::Same(tree) | Content::Other(tree) => {
            make_target(at, tree.is_directory()?)?;
            tree.attach(at)
        }
        Content::Hidden if !fs::metadata(at)?.is_dir() => {
            // A device that cannot be opened on such a mount.
            let nothing = Tree::copy(Path::new("/dev/null"))?;
            nothing.forbid(NO_DEVICES)?;
            nothing.attach(at)
        }
        Content::Hidden => mount_new(at, "tmpfs", "mode=0755"),
        Content::Memory => mount_new(at, "tmpfs", "mode=1777"),
        Content::Processes => mount_new(at, "proc", ""),
        Content::Terminals => mount_new(at, "devpts", "newinstance,ptmxmode=0666,mode=0620"),
    }
}

fn mount_new(at: &Path, kind: &str, options: &str) -> io::Result<()> {
    make_target(at, true)?;
    let mut flags = MsFlags::MS_NOSUID;
    if kind != "devpts" {
        flags |= MsFlags::MS_NODEV;
    }
    if kind != "tmpfs" {
        flags |= MsFlags::MS_NOEXEC;
    }
    Ok(mount(Some(kind), at, Some(kind), flags, Some(options))?)
}

/// Makes a file or a directory to mount something on, unless it is there.
fn make_target(at: &Path, is_directory: bool) -> io::Result<()> {
    if is_directory {
        return fs::create_dir_all(at);
    }
    if fs::symlink_metadata(at).is_ok() {
        return Ok(());
    }
    make_parent(at)?;
    File::create(at).map(drop)
}

fn make_parent(at: &Path) -> io::Result<()> {
    at.parent().map_or(Ok(()), fs::create_dir_all)
}
