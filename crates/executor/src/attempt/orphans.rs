//! What is left of a job whose shim was killed, by the job itself or by somebody else.
//!
//! With a PID namespace nothing is. Without one the program dies with its shim, and what it started
//! may live on; it is known by the job's control groups, or by the attempt's directory.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// How often, and after which wait, it is looked for again: it may have started more.
const ROUNDS: u32 = 400;
const WAIT: Duration = Duration::from_millis(5);

/// Kills every process that is in one of the control groups, has its current directory below `dir`,
/// or a variable that points there; until there is none. Blocks.
pub(super) fn end(dir: &Path, groups: &[PathBuf]) {
    for _ in 0..ROUNDS {
        let orphans = orphans(dir, groups);
        if orphans.is_empty() {
            return;
        }
        for pid in orphans {
            let _ = kill(pid, Signal::SIGKILL);
        }
        thread::sleep(WAIT);
    }
    tracing::warn!(dir = %dir.display(), "processes of a job cannot be killed");
}

fn orphans(dir: &Path, groups: &[PathBuf]) -> BTreeSet<Pid> {
    let grouped = groups.iter().flat_map(|procs| {
        let text = fs::read_to_string(procs).unwrap_or_default();
        text.lines().filter_map(pid).collect::<Vec<_>>()
    });
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let marked = processes.filter_map(|process| {
        let pid = pid(process.file_name().to_str()?)?;
        points(&process.path(), dir).then_some(pid)
    });
    grouped.chain(marked).collect()
}

fn pid(text: &str) -> Option<Pid> {
    text.parse().ok().map(Pid::from_raw)
}

/// True when a process is at work below `dir`. A dead one is nowhere.
fn points(process: &Path, dir: &Path) -> bool {
    let is_below = |path: &[u8]| Path::new(OsStr::from_bytes(path)).starts_with(dir);
    let current = fs::read_link(process.join("cwd"));
    let environment = fs::read(process.join("environ")).unwrap_or_default();
    current.is_ok_and(|current| current.starts_with(dir))
        || environment.split(|byte| *byte == 0).any(|variable| {
            let value = variable.splitn(2, |byte| *byte == b'=').nth(1);
            value.is_some_and(is_below)
        })
}
