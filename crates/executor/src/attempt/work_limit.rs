//! The limit on what a program leaves in its work directory. Few file systems keep one, so the directory is
//! measured while the program runs.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};

/// How long after the start, and after a measurement, it is measured again.
const EVERY: Duration = Duration::from_secs(1);
/// How many times as long as the measurement itself that is at least.
const SHARE: u32 = 20;
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
        match spawn_blocking(move || is_larger(dir, limit)).await {
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

/// Whether what is below takes more room than so many bytes. What goes away meanwhile takes none.
fn is_larger(dir: PathBuf, limit: u64) -> io::Result<bool> {
    let (mut open, mut total) = (vec![dir], 0_u64);
    let mut linked = BTreeSet::new();
    while let Some(dir) = open.pop() {
        let Some(entries) = unless_gone(fs::read_dir(dir))? else {
            continue;
        };
        for entry in entries {
            let Some(entry) = unless_gone(entry)? else {
                continue;
            };
            let Some(found) = unless_gone(entry.metadata())? else {
                continue;
            };
            if found.is_dir() {
                open.push(entry.path());
            } else if found.nlink() > 1 && !linked.insert((found.dev(), found.ino())) {
                continue;
            }
            total = total.saturating_add(found.blocks() * BLOCK);
            if total > limit {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn unless_gone<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_counts_once_and_links_lead_nowhere() {
        let dir = tempfile::tempdir().expect("a directory");
        let is_larger = |limit| is_larger(dir.path().to_owned(), limit).expect("measured");
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
    }
}
