//! The limit on what a program leaves in its work directory. Few file systems keep one, so the directory is
//! measured while the program runs.

use std::{collections::BTreeSet, io, path::Path, time::Duration};

use rustix::{
    fd::AsFd,
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat},
    io::Errno,
    path::Arg,
};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};

/// How long after the start, and after a measurement, it is measured again.
const EVERY: Duration = Duration::from_secs(1);
/// How many times as long as the measurement itself that is at least.
const SHARE: u32 = 20;
/// How deep a tree may be, each of whose levels is an open file here.
const LEVELS: usize = 200;
/// Bytes of what the kernel counts blocks in.
const BLOCK: u64 = 512;

/// Waits until the directory has more than `limit` bytes, or cannot be measured, and answers which. A program that
/// is faster than that can write more meanwhile.
pub(super) async fn exceeded(dir: &Path, limit: Option<u64>) -> String {
    let Some(limit) = limit else {
        return std::future::pending().await;
    };
    let mut wait = EVERY;
    loop {
        sleep(wait).await;
        let (began, dir) = (Instant::now(), dir.to_owned());
        match spawn_blocking(move || is_larger(&dir, limit)).await {
            Ok(Ok(true)) => {
                return format!("its work directory has more than the limit of {limit} bytes");
            }
            // Else a program could hide in there what it writes.
            Ok(Err(error)) => return format!("its work directory cannot be measured: {error}"),
            Ok(Ok(false)) | Err(_) => {}
        }
        wait = EVERY.max(began.elapsed().saturating_mul(SHARE));
    }
}

/// Whether what is below takes more room than so many bytes. What goes away meanwhile takes none, and no link is
/// followed.
fn is_larger(dir: &Path, limit: u64) -> io::Result<bool> {
    let (mut levels, mut total) = (Vec::new(), 0_u64);
    levels.extend(entries_of(CWD, dir)?);
    let mut linked = BTreeSet::new();
    while let Some(level) = levels.last_mut() {
        let Some(entry) = level.read().transpose()? else {
            levels.pop();
            continue;
        };
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        let parent = level.fd()?;
        let found = match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => continue,
            found => found?,
        };
        let is_dir = FileType::from_raw_mode(found.st_mode) == FileType::Directory;
        if is_dir || found.st_nlink == 1 || linked.insert((found.st_dev, found.st_ino)) {
            total = total.saturating_add(u64::try_from(found.st_blocks).unwrap_or(0) * BLOCK);
        }
        if total > limit {
            return Ok(true);
        }
        if is_dir && let Some(entries) = entries_of(parent, name)? {
            levels.push(entries);
        }
        if levels.len() > LEVELS {
            return Err(io::Error::other(format!(
                "it is more than {LEVELS} directories deep"
            )));
        }
    }
    Ok(false)
}

/// The entries of a directory, unless there is none any more.
fn entries_of(parent: impl AsFd, name: impl Arg) -> io::Result<Option<Dir>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(parent, name, flags, Mode::empty()) {
        Ok(dir) => Ok(Some(Dir::new(dir)?)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_below_counts_once_and_links_lead_nowhere() {
        let dir = tempfile::tempdir().expect("a directory");
        let is_larger = |limit| is_larger(dir.path(), limit).expect("measured");
        assert!(!is_larger(1 << 16));
        let deep = dir.path().join("a/b");
        fs::create_dir_all(&deep).expect("made");
        fs::write(deep.join("file"), vec![1; 1 << 20]).expect("written");
        for link in ["one", "two"] {
            fs::hard_link(deep.join("file"), dir.path().join(link)).expect("linked");
        }
        std::os::unix::fs::symlink("/usr", dir.path().join("usr")).expect("linked");
        assert!(is_larger(1 << 20));
        assert!(!is_larger((1 << 20) + (1 << 16)));
        // One in which something could be hidden.
        fs::create_dir_all(dir.path().join("d/".repeat(LEVELS + 1))).expect("made");
        super::is_larger(dir.path(), 1 << 30).expect_err("too deep");
    }
}
