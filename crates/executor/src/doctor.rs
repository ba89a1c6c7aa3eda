//! What an executor says of its machine.

use std::path::Path;

use nix::sys::statvfs::statvfs;
use wire::executors::{DiskSpace, IsolationPart, MachineReport};

use crate::{
    Settings, directory,
    probe::{Finding, probe},
};

/// Tries the isolation and looks at the disks. Blocks for some milliseconds.
pub(crate) fn examine(settings: &Settings, suspended: Option<String>) -> MachineReport {
    let set_aside = directory::left(&settings.work_dir);
    let set_aside = set_aside.iter().map(|path| path.display().to_string());
    let part = |finding: Finding| IsolationPart {
        name: finding.name,
        support: finding.support.as_str().to_owned(),
        detail: finding.detail,
    };
    let disks = [("cache", &settings.cache_dir), ("work", &settings.work_dir)];
    MachineReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        isolation: settings.isolation.to_string(),
        parts: probe(settings).into_iter().map(part).collect(),
        disks: disks
            .iter()
            .filter_map(|(name, dir)| disk(name, dir))
            .collect(),
        suspended,
        set_aside: set_aside.collect(),
    }
}

fn disk(name: &str, dir: &Path) -> Option<DiskSpace> {
    let found = statvfs(dir).ok()?;
    let block = found.fragment_size();
    Some(DiskSpace {
        name: name.to_owned(),
        path: dir.display().to_string(),
        free_bytes: found.blocks_available().saturating_mul(block),
        total_bytes: found.blocks().saturating_mul(block),
    })
}
