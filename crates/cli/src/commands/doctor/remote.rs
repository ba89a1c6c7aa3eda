//! What an executor says of its machine.

use indicatif::BinaryBytes;
use wire::executors::{DiskSpace, MachineReport};

use super::check::{Check, isolation};
use crate::{args::Address, commands::connection, exit::Failure};

/// Below this much room on a disk, downloads and jobs are likely to fail.
const LITTLE_ROOM_BYTES: u64 = 1 << 30;

/// Has the server ask the executor.
pub(super) async fn check(name: &str, address: &Address) -> Result<Vec<Check>, Failure> {
    let report = connection::open(address)?.doctor(name).await?;
    Ok(checks(name, report))
}

fn checks(name: &str, report: MachineReport) -> Vec<Check> {
    let MachineReport {
        version,
        isolation: level,
        parts,
        disks,
        suspended,
        set_aside,
    } = report;
    let suspended = suspended.map(|why| {
        let advice = "It claims nothing until this is mended; it looks again by itself.";
        Check::warn("suspended", why, advice)
    });
    let set_aside = set_aside.into_iter().map(|path| {
        Check::warn(
            "left by a job",
            path,
            "It cannot be removed: remove it yourself.",
        )
    });
    let itself = format!("{name}, version {version}, isolation {level}");
    let parts = parts
        .into_iter()
        .map(|part| isolation(&part.name, part.support == "full", part.detail));
    let disks = disks.iter().map(disk);
    std::iter::once(Check::ok("executor", itself))
        .chain(suspended)
        .chain(parts)
        .chain(disks)
        .chain(set_aside)
        .collect()
}

fn disk(disk: &DiskSpace) -> Check {
    let name = format!("disk: {}", disk.name);
    let (free, total) = (BinaryBytes(disk.free_bytes), BinaryBytes(disk.total_bytes));
    let detail = format!("{}: {free} of {total} free", disk.path);
    if disk.free_bytes < LITTLE_ROOM_BYTES {
        let advice = "Make room there, or give the executor another --cache-dir or --work-dir.";
        Check::warn(&name, detail, advice)
    } else {
        Check::ok(&name, detail)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_and_disks_with_little_room_are_warnings() {
        let report = json!({
            "version": "1.2.3", "isolation": "standard",
            "parts": [
                {"name": "landlock", "support": "full", "detail": "it works"},
                {"name": "user namespace", "support": "partial", "detail": "without a network"},
            ],
            "suspended": "the cache cannot be used", "set_aside": ["/w/.left-0"],
            "disks": [
                {"name": "cache", "path": "/c", "free_bytes": 1 << 30, "total_bytes": 1_u64 << 40},
                {"name": "work", "path": "/w", "free_bytes": (1 << 30) - 1, "total_bytes": 1 << 30},
            ],
        });
        let report = serde_json::from_value(report).expect("a report");
        let checks = serde_json::to_value(checks("builder-1", report)).expect("it is JSON");
        let told: Vec<_> = checks.as_array().expect("a list").iter().collect();
        let told: Vec<_> = told
            .iter()
            .map(|check| ["name", "standing", "detail"].map(|key| check[key].as_str().unwrap()))
            .collect();
        let wanted = [
            [
                "executor",
                "ok",
                "builder-1, version 1.2.3, isolation standard",
            ],
            ["suspended", "warn", "the cache cannot be used"],
            ["isolation: landlock", "ok", "it works"],
            ["isolation: user namespace", "warn", "without a network"],
            ["disk: cache", "ok", "/c: 1.00 GiB of 1.00 TiB free"],
            ["disk: work", "warn", "/w: 1024.00 MiB of 1.00 GiB free"],
            ["left by a job", "warn", "/w/.left-0"],
        ];
        assert_eq!(told, wanted);
    }
}
