//! What the executor and the shim say to each other over the control socket.
//!
//! The executor sends one [`Spec`] (its length as four bytes, little endian, then JSON), later
//! [`Order`]s; the shim answers one [`Report`] (JSON) when everything has ended. The end of the
//! executor's side means that the executor is gone: the shim kills the whole tree at once.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::view::View;

/// The longest spec that a shim reads. A claim's answer is limited to less.
pub(super) const SPEC_LIMIT_BYTES: usize = 256 << 20;

/// What to run and how to shut it off.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Spec {
    /// The program; `None` only tries the parts and reports [`End::Ready`].
    pub program: Option<PathBuf>,
    /// The path that it is started by, where that is a link to it: so it has a name that it knows itself by.
    #[serde(default)]
    pub called: Option<PathBuf>,
    /// Its arguments, without its name.
    pub arguments: Vec<String>,
    /// Its whole environment.
    pub environment: BTreeMap<String, String>,
    /// Its current directory.
    pub directory: PathBuf,
    /// The file that it reads from standard input; none for nothing to read.
    pub stdin: Option<PathBuf>,
    /// The file that it sees in the place of `/etc/hosts`, if it has mounts of its own.
    #[serde(default)]
    pub hosts: Option<PathBuf>,
    /// The directory that is its own, to write in; `/` for none.
    pub writable: PathBuf,
    /// The directory that [`Part::MountNamespace`] shows as `/tmp`; one in memory without it.
    pub temporary: Option<PathBuf>,
    /// What it sees of the machine under [`Part::MountNamespace`] and [`Part::Landlock`].
    pub view: View,
    /// The user and the group that it runs as; those of the executor without one.
    pub user: Option<u32>,
    /// The further groups of that user.
    pub groups: Vec<u32>,
    /// The parts of the isolation. When one of them fails the program is not started.
    pub parts: Vec<Part>,
    /// Processes and threads that it may have at once, where it has a user or a user namespace of its own.
    pub process_limit: Option<u32>,
    /// The largest file it may write, in bytes.
    pub file_limit_bytes: Option<u64>,
    /// The memory that each of its processes may have to write to, in bytes.
    pub memory_limit_bytes: Option<u64>,
    /// The `cgroup.procs` files of the cgroups that it belongs to.
    pub cgroups: Vec<PathBuf>,
    /// Time between SIGTERM and SIGKILL, in milliseconds.
    pub grace_ms: u64,
    /// The tree is killed after so many milliseconds unless an [`Order::Deadline`] comes first.
    pub fence_ms: Option<u64>,
}

/// One part of the isolation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// No core files, a bound on open files, and the bounds of the spec.
    ResourceLimits,
    /// No setuid program gives it rights.
    NoNewPrivileges,
    /// It reads what it is shown, writes only below its work directory, and reaches no abstract socket.
    Landlock,
    /// Its rights as root, if it has any, count only for what it makes itself.
    UserNamespace,
    /// It sees no process but its own, and all of them die at once.
    PidNamespace,
    /// It sees the system, read-only, its own directory, and nothing else of the machine.
    MountNamespace,
    /// Its System V memory and its message queues are its own, and end with it; so are its keys.
    IpcNamespace,
    /// A root executor gives it a user of its own, without capabilities.
    OwnId,
    /// It has no network, not even loopback.
    NetworkNamespace,
}

impl Part {
    /// All parts, in the order in which they are tried and applied.
    pub const ALL: [Self; 9] = [
        Self::ResourceLimits,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::UserNamespace,
        Self::PidNamespace,
        Self::MountNamespace,
        Self::IpcNamespace,
        Self::OwnId,
        Self::NetworkNamespace,
    ];

    /// The part's name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ResourceLimits => "resource limits",
            Self::NoNewPrivileges => "no new privileges",
            Self::Landlock => "landlock",
            Self::UserNamespace => "user namespace",
            Self::PidNamespace => "pid namespace",
            Self::MountNamespace => "mount namespace",
            Self::IpcNamespace => "ipc namespace",
            Self::OwnId => "own id",
            Self::NetworkNamespace => "network namespace",
        }
    }

    /// What jobs can do without it, for people.
    #[must_use]
    pub fn without(self) -> &'static str {
        match self {
            Self::ResourceLimits => "jobs open files without a limit and leave core files",
            Self::NoNewPrivileges => "set-user-ID programs give jobs the rights of other users",
            Self::Landlock => {
                "jobs connect to abstract UNIX sockets of the machine, and only mounts decide what they read and write"
            }
            Self::UserNamespace => {
                "the number of processes of a job is not limited unless it has an id of its own"
            }
            Self::PidNamespace => "jobs see the processes of the machine",
            Self::MountNamespace => {
                "jobs see the system's directories as they are, change modes, owners and times there as far as \
                 their user may, connect to UNIX sockets, and have neither a /tmp nor a /dev/shm of their own"
            }
            Self::IpcNamespace => {
                "jobs share System V memory, message queues and keys with the machine"
            }
            Self::OwnId => "jobs run as root",
            Self::NetworkNamespace => "jobs have the network",
        }
    }
}

impl Spec {
    /// The directory that is its own.
    #[must_use]
    pub fn work_dir(&self) -> Option<&Path> {
        Some(self.writable.as_path()).filter(|path| *path != Path::new("/"))
    }
}

/// What the executor says to a running shim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// SIGTERM to the tree, and SIGKILL after the grace.
    Terminate,
    /// SIGKILL to the tree.
    Kill,
    /// The lease was renewed: kill the tree when this time has passed without a further one.
    Deadline(Duration),
}

impl Order {
    /// The order as it is sent.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::Terminate => vec![b'T'],
            Self::Kill => vec![b'K'],
            Self::Deadline(time) => {
                let ms = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
                [&b"F"[..], &ms.to_le_bytes()].concat()
            }
        }
    }

    /// Takes the first whole order out of `bytes`; unknown bytes are skipped.
    pub(super) fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        loop {
            let (order, length) = match (bytes.first()?, bytes.get(1..5)) {
                (b'T', _) => (Some(Self::Terminate), 1),
                (b'K', _) => (Some(Self::Kill), 1),
                (b'F', Some(ms)) => {
                    let ms = ms
                        .iter()
                        .rev()
                        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
                    (Some(Self::Deadline(Duration::from_millis(ms))), 5)
                }
                (b'F', None) => return None,
                _ => (None, 1),
            };
            bytes.drain(..length);
            if order.is_some() {
                return order;
            }
        }
    }
}

/// What the shim says at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How the program ended.
    pub end: End,
    /// True when the fence fell: the lease was not renewed in time.
    pub lease_expired: bool,
}

/// How the program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Nothing was to be started, and every part could be applied.
    Ready {
        /// What could be applied only in part: what of it is missing, for people.
        partial: Option<String>,
    },
    /// It exited with this code.
    Exited(i32),
    /// It was killed by this signal.
    Signalled(i32),
    /// It was not started, and why: no executor could start it.
    NotStarted(String),
    /// It was not started, because something is missing here that it does not answer for.
    NotPrepared(String),
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Order;

    #[test]
    fn orders_are_read_as_they_were_sent_also_in_pieces() {
        let deadline = Order::Deadline(Duration::from_millis(70_123));
        let mut sent = [
            deadline.encode(),
            Order::Terminate.encode(),
            Order::Kill.encode(),
        ]
        .concat();
        let mut received: Vec<u8> = sent.drain(..3).collect();
        assert_eq!(Order::take(&mut received), None);
        received.append(&mut sent);
        assert_eq!(Order::take(&mut received), Some(deadline));
        assert_eq!(Order::take(&mut received), Some(Order::Terminate));
        assert_eq!(Order::take(&mut received), Some(Order::Kill));
        assert_eq!(Order::take(&mut received), None);
    }
}
