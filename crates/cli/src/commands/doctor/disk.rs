//! Can the data directory be written, and how fast does it reach the disk?

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::check::Check;

/// Below this many syncs a second, jobs are accepted noticeably slower.
const SLOW_SYNCS_PER_SECOND: f64 = 100.0;
const SYNC_TEST: Duration = Duration::from_millis(300);

/// Writes for a moment into the directory, or into what exists of its path. Makes nothing that
/// stays.
pub(super) fn check(data_dir: &Path) -> Vec<Check> {
    const NAME: &str = "data directory";
    let shown = data_dir.display();
    let existing = data_dir
        .ancestors()
        .map(usable)
        .find(|place| place.exists());
    let Some(existing) = existing else {
        return vec![Check::fail(
            NAME,
            format!("no part of {shown} exists"),
            "Choose another one with --data-dir.",
        )];
    };
    match syncs_per_second(&existing) {
        Err(error) => vec![Check::fail(
            NAME,
            format!("{} cannot be written: {error}", existing.display()),
            "Give this user the right to write there, or choose another one with --data-dir.",
        )],
        Ok(rate) => {
            let missing = if existing == data_dir {
                ""
            } else {
                " (made at the first start)"
            };
            let detail = format!("{rate:.0} syncs a second");
            let disk = if rate < SLOW_SYNCS_PER_SECOND {
                let advice = "Use a faster disk: every accepted job waits for one sync.";
                Check::warn("disk", detail, advice)
            } else {
                Check::ok("disk", detail)
            };
            vec![Check::ok(NAME, format!("{shown}{missing}")), disk]
        }
    }
}

/// The empty ancestor of a relative path is the current directory.
fn usable(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        path.to_path_buf()
    }
}

fn syncs_per_second(directory: &Path) -> std::io::Result<f64> {
    let path = directory.join(format!(".playhouse-doctor-{}", std::process::id()));
    let mut file = File::create_new(&path)?;
    let measured = (|| {
        let start = Instant::now();
        let mut syncs = 0.0;
        while start.elapsed() < SYNC_TEST {
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            syncs += 1.0;
        }
        Ok(syncs / start.elapsed().as_secs_f64())
    })();
    fs::remove_file(&path)?;
    measured
}
