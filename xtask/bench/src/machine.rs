//! What the numbers were measured on.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

/// A machine.
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
}

impl Machine {
    pub(crate) fn this() -> Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo")?;
        let memory = fs::read_to_string("/proc/meminfo")?;
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        Ok(Self {
            cpu: String::from(field(&cpu, "model name").unwrap_or("unknown")),
            cores: thread::available_parallelism()?.get(),
            memory_gib: kibibytes(&memory, "MemTotal").context("no MemTotal")? / 1024.0 / 1024.0,
            kernel: String::from(kernel.trim()),
        })
    }
}

/// Resident memory of a process, in MiB.
pub(crate) fn resident_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(kibibytes(&status, "VmRSS").context("no VmRSS")? / 1024.0)
}

/// Memory of a process and all that it started, in MiB: what several share is counted once.
pub(crate) fn tree_mib(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
    let own = rollup.ok().and_then(|text| kibibytes(&text, "Pss"));
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let children = tasks.flat_map(|task| {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        let pids = children.split_whitespace().map(str::to_owned);
        pids.collect::<Vec<_>>()
    });
    let children = children.filter_map(|pid| pid.parse().ok());
    own.unwrap_or(0.0) / 1024.0 + children.map(tree_mib).sum::<f64>()
}

/// The time that a process has taken of the cores, in steps of 10 ms.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before may hold anything, also spaces.
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// How many times a second the disk below `dir` makes 4 KiB durable, each after the other.
pub(crate) fn fsyncs_per_second(dir: &Path) -> Result<f64> {
    let path = dir.join("fsync");
    let file = File::create(&path)?;
    let (block, begun) = ([0x5a_u8; 4096], Instant::now());
    let mut count = 0_u32;
    while begun.elapsed() < Duration::from_secs(1) {
        // A log that is written over and over, as SQLite's is.
        file.write_all_at(&block, u64::from(count % 1024) * 4096)?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    fs::remove_file(&path)?;
    Ok(rate)
}

/// How long one such write takes when the disk has had nothing to do for 15 ms, as that of a server
/// with little to do: milliseconds, in no order.
pub(crate) fn fsyncs_after_idling(dir: &Path) -> Result<Vec<f64>> {
    let path = dir.join("fsync");
    let file = File::create(&path)?;
    file.write_all_at(&[0; 1 << 20], 0)?;
    file.sync_data()?;
    let mut times = Vec::new();
    for count in 0..200_u32 {
        thread::sleep(Duration::from_millis(15));
        let begun = Instant::now();
        file.write_all_at(&[0x5a; 4096], u64::from(count) * 4096)?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    fs::remove_file(&path)?;
    Ok(times)
}

/// Milliseconds since 1970, with a fraction.
#[expect(
    clippy::disallowed_methods,
    reason = "executors say when a frame was painted by the same clock"
)]
pub(crate) fn now_ms() -> f64 {
    jiff::Timestamp::now().as_microsecond() as f64 / 1000.0
}

#[expect(clippy::disallowed_methods, reason = "a report says when it was made")]
pub(crate) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

fn kibibytes(text: &str, name: &str) -> Option<f64> {
    field(text, name)?.strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_proc_files_are_read() {
        let text = "Name:\tx\nVmRSS:\t   2048 kB\n";
        assert_eq!(kibibytes(text, "VmRSS"), Some(2048.0));
        assert_eq!(field(text, "Name"), Some("x"));
        assert_eq!(kibibytes(text, "VmSwap"), None);
    }

    #[test]
    fn this_process_has_a_size() {
        assert!(resident_mib(std::process::id()).unwrap() > 0.5);
    }
}
