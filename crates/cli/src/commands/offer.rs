//! What an executor says of its machine, so that jobs find it.

use std::{collections::BTreeMap, env::consts, fs};

use super::place;
use crate::args::ForPlacement;

/// Its labels: those that each executor has, and those that were given, which win.
pub(super) fn labels(placement: &ForPlacement) -> BTreeMap<String, String> {
    let own = [
        ("os", consts::OS.to_owned()),
        ("arch", consts::ARCH.to_owned()),
        ("host", host(&place::host_name())),
    ];
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    let own = own.map(|(name, value)| (name.to_owned(), value));
    own.chain(placement.label.clone()).collect()
}

/// A host's name as the value of a label, which has not every character.
fn host(name: &str) -> String {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let taken = name.chars().map(|c| if is_taken(c) { c } else { '-' });
    taken.take(64).collect()
}

/// The processor cores that it offers.
pub(super) fn cpus(placement: &ForPlacement) -> Option<f64> {
    let cores = || std::thread::available_parallelism().ok();
    let cores = || u32::try_from(cores()?.get()).ok().map(f64::from);
    placement.cpus.or_else(cores)
}

/// The memory that it offers, in mebibytes: of a container, no more than that may have.
pub(super) fn memory_mb(placement: &ForPlacement) -> Option<u64> {
    let machine = || {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kibibytes = line.split_whitespace().next()?.parse::<u64>().ok()?;
        Some(kibibytes >> 10)
    };
    let container = || {
        let text = fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?;
        Some(text.trim().parse::<u64>().ok()? >> 20)
    };
    placement.memory_mb.or_else(|| {
        let known = [machine(), container()].into_iter().flatten();
        known.min().filter(|most| *most > 0)
    })
}
