//! Namespaces of the job: users, processes with an own `/proc`, network.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use nix::{
    mount::{MsFlags, mount},
    sched::CloneFlags,
    sys::{
        signal::Signal,
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Gid, Pid, Uid, getgid, getpid, getuid},
};

use super::{root::make_private, spec::Part};

/// Leaves the machine's namespaces. True when the next child begins a PID namespace.
pub(super) fn unshare(parts: &[Part]) -> Result<bool, String> {
    let mut flags = CloneFlags::empty();
    for part in parts {
        flags |= match part {
            Part::UserNamespace => CloneFlags::CLONE_NEWUSER,
            // With mounts of its own, for `/proc`.
            Part::PidNamespace => CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS,
            Part::MountNamespace => CloneFlags::CLONE_NEWNS,
            Part::IpcNamespace => CloneFlags::CLONE_NEWIPC,
            Part::NetworkNamespace => CloneFlags::CLONE_NEWNET,
            Part::ResourceLimits | Part::NoNewPrivileges | Part::Landlock | Part::OwnId => continue,
        };
    }
    if flags.is_empty() {
        return Ok(false);
    }
    let mapper = if flags.contains(CloneFlags::CLONE_NEWUSER) {
        Some(Mapper::new()?)
    } else {
        None
    };
    nix::sched::unshare(flags).map_err(|error| format!("{}: {error}", names(parts)))?;
    if let Some(mapper) = mapper {
        mapper
            .map()
            .map_err(|error| format!("user namespace: {error}"))?;
    }
    Ok(flags.contains(CloneFlags::CLONE_NEWPID))
}

fn names(parts: &[Part]) -> String {
    let names = parts.iter().map(|part| part.name());
    let names: Vec<&str> = names.filter(|name| name.ends_with("namespace")).collect();
    names.join(", ")
}

/// Says which ids a new user namespace knows: for root all of them, for anyone else the own ones.
/// Each keeps its number, so that owners of files look the same inside.
enum Mapper {
    /// Only a process that stayed outside may map more than one id: it waits for a word here.
    Outside(UnixStream, Pid),
    /// The own ids, read before: afterwards they are the overflow id until the maps are written.
    Inside(Uid, Gid),
}

impl Mapper {
    fn new() -> Result<Self, String> {
        if !Uid::effective().is_root() {
            return Ok(Self::Inside(getuid(), getgid()));
        }
        let start = || -> io::Result<Self> {
            let target = getpid();
            let (ours, theirs) = UnixStream::pair()?;
            if let Some(helper) = fork()? {
                return Ok(Self::Outside(ours, helper));
            }
            drop(ours);
            let mapped = map_all(target, &theirs);
            std::process::exit(i32::from(mapped.is_err()));
        };
        start().map_err(|error| format!("user namespace: {error}"))
    }

    fn map(self) -> io::Result<()> {
        match self {
            Self::Outside(mut words, helper) => {
                words.write_all(&[1])?;
                match waitpid(helper, None)? {
                    WaitStatus::Exited(_, 0) => Ok(()),
                    _ => Err(io::Error::other("the ids cannot be mapped")),
                }
            }
            Self::Inside(user, group) => {
                // The kernel asks for it before someone without rights may map a group.
                fs::write("/proc/self/setgroups", "deny")?;
                fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
                fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
            }
        }
    }
}

/// Waits for the word, then maps every id that is known here into the namespace of `target`.
fn map_all(target: Pid, mut words: &UnixStream) -> io::Result<()> {
    words.read_exact(&mut [0])?;
    for map in ["uid_map", "gid_map"] {
        let own = fs::read_to_string(format!("/proc/self/{map}"))?;
        fs::write(format!("/proc/{target}/{map}"), identity(&own))?;
    }
    Ok(())
}

/// The ranges of a map (`inside outside length` a line), each mapped onto itself.
fn identity(map: &str) -> String {
    let lines = map.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (inside, _, length) = (words.next()?, words.next()?, words.next()?);
        Some(format!("{inside} {inside} {length}\n"))
    });
    lines.collect()
}

/// Forks. `None` in the child.
pub(super) fn fork() -> io::Result<Option<Pid>> {
    #[expect(
        unsafe_code,
        reason = "a PID namespace begins with a fork; exec would cost a start"
    )]
    // SAFETY: the shim has one thread, so the child may go on with everything as it was.
    let forked = unsafe { nix::unistd::fork() }?;
    Ok(match forked {
        ForkResult::Parent { child } => Some(child),
        ForkResult::Child => None,
    })
}

/// Forks the first process of the PID namespace. `None` in that process, which dies when this one
/// does.
pub(super) fn fork_init() -> io::Result<Option<Pid>> {
    let init = fork()?;
    if init.is_none() {
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    }
    Ok(init)
}

/// Does something in a process that ends with it.
pub(super) fn try_in_child(does: impl FnOnce() -> nix::Result<()>) -> io::Result<()> {
    let Some(child) = fork()? else {
        let error = does().err().map_or(0, |error| error as i32);
        std::process::exit(error);
    };
    match waitpid(child, None)? {
        WaitStatus::Exited(_, 0) => Ok(()),
        WaitStatus::Exited(_, error) => Err(io::Error::from_raw_os_error(error)),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// Shows the own processes in `/proc`, and only to this namespace.
pub(super) fn mount_proc() -> Result<(), String> {
    make_private()
        .map_err(|error| format!("pid namespace: mounts cannot be made private: {error}"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, Some(""))
        .map_err(|error| format!("pid namespace: /proc cannot be mounted: {error}"))
}

/// Lays a file over `/etc/hosts`, for this namespace alone.
pub(super) fn mount_hosts(file: Option<&Path>) -> Result<(), String> {
    const HOSTS: &str = "/etc/hosts";
    let (Some(file), true) = (file, Path::new(HOSTS).exists()) else {
        return Ok(());
    };
    let none: Option<&str> = None;
    mount(Some(file), HOSTS, none, MsFlags::MS_BIND, none)
        .map_err(|error| format!("{HOSTS} cannot be replaced: {error}"))
}

/// Waits until the namespace's first process, and with it the whole namespace, has ended.
pub(super) fn wait_for(init: Pid) -> io::Result<()> {
    loop {
        match waitpid(init, None) {
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) | Err(nix::Error::ECHILD) => {
                return Ok(());
            }
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
