//! All processes that came from the program: who they are and how they are signalled.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, getpid},
};

/// How many times a tree that goes on forking is stopped again before it is killed.
const STOP_ROUNDS: usize = 16;

/// How the processes of the tree are found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tree {
    /// All processes of this PID namespace but the first, which is this process.
    Namespace,
    /// All descendants of this process. It is their subreaper, so that a process whose parent ended
    /// is still among them, whatever session or group it made for itself.
    Descendants,
}

impl Tree {
    /// The tree of the namespace whose first process calls this.
    ///
    /// # Errors
    /// When it is not the first process: then the signals would go to the whole machine.
    pub(super) fn namespace() -> io::Result<Self> {
        if getpid() == Pid::from_raw(1) {
            Ok(Self::Namespace)
        } else {
            Err(io::Error::other(
                "this is not the first process of a PID namespace",
            ))
        }
    }

    /// Sends a signal to every process of the tree.
    pub(super) fn signal(self, signal: Signal) {
        match self {
            Self::Namespace => {
                let _ = kill(Pid::from_raw(-1), signal);
            }
            Self::Descendants => {
                for pid in descendants() {
                    let _ = kill(pid, signal);
                }
            }
        }
    }

    /// Kills every process of the tree. One that forks at this moment may leave a child: call it
    /// again until no child is left.
    pub(super) fn kill(self) {
        if matches!(self, Self::Descendants) {
            // A stopped process forks no more, so killing them one by one misses none.
            let mut stopped = BTreeSet::new();
            for _ in 0..STOP_ROUNDS {
                let found = descendants();
                if found.is_subset(&stopped) {
                    break;
                }
                for pid in found.difference(&stopped) {
                    let _ = kill(*pid, Signal::SIGSTOP);
                }
                stopped.extend(found);
            }
        }
        self.signal(Signal::SIGKILL);
    }
}

/// Every process below this one.
fn descendants() -> BTreeSet<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = BTreeSet::new();
    let mut open = vec![getpid().as_raw()];
    while let Some(pid) = open.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            found.insert(Pid::from_raw(child));
            open.push(child);
        }
    }
    found
}

/// The parent of a process: the second word after its name, which stands in brackets and may contain
/// anything.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let words = String::from_utf8_lossy(stat.get(after..)?).into_owned();
    words.split_whitespace().nth(1)?.parse().ok()
}
