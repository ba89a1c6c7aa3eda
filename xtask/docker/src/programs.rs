//! The programs that a private engine needs.

use std::{env, fs, path::PathBuf};

/// A program, and the package of Debian that has it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the program.
    pub name: &'static str,
    /// The name of the package.
    pub package: &'static str,
}

const PROGRAMS: [Program; 7] = [
    program("dockerd", "docker.io"),
    program("iptables", "iptables"),
    program("ip", "iproute2"),
    program("git", "git"),
    program("setpriv", "util-linux"),
    program("unshare", "util-linux"),
    program("busybox", "busybox-static"),
];

const fn program(name: &'static str, package: &'static str) -> Program {
    Program { name, package }
}

/// The programs that are not there.
#[must_use]
pub fn missing() -> Vec<Program> {
    let there = |program: &&Program| match program.name {
        "busybox" => busybox().is_some(),
        name => find(name).is_some(),
    };
    PROGRAMS
        .iter()
        .filter(|program| !there(program))
        .copied()
        .collect()
}

/// Busybox that needs no library: images consist of nothing else.
pub(crate) fn busybox() -> Option<PathBuf> {
    let path = find("busybox")?;
    let loader = b"/ld-linux";
    let dynamic = fs::read(&path)
        .ok()?
        .windows(loader.len())
        .any(|bytes| bytes == loader);
    (!dynamic).then_some(path)
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian keeps what only root needs off the PATH of others.
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(more)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found() {
        assert!(find("sh").is_some());
        assert_eq!(find("no-such-program"), None);
    }
}
