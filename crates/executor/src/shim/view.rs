//! What a job sees of the machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Directories of the system, where they exist. Below `/var` only what programs of Debian read that are no
/// services.
const SYSTEM: [&str; 19] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/sys",
    "/var/cache/fontconfig",
    "/var/lib/ca-certificates-java",
    "/var/lib/dictionaries-common",
    "/var/lib/dpkg",
    "/var/lib/ghostscript",
    "/var/lib/texmf",
    "/var/lib/xml-core",
];

/// Files that many programs read, and that may be links to somewhere else, such as `/run`.
const FILES: [&str; 4] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/nsswitch.conf",
];

/// Paths of the machine that a job sees, each at its own place. Everything else is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Read-only, with all that is below.
    pub readable: Vec<PathBuf>,
    /// Writable, as far as the job's user may.
    pub writable: Vec<PathBuf>,
    /// Device files, and directories of such.
    pub devices: Vec<PathBuf>,
    /// Links, and where they lead.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// What is not shown although it is below something that is.
    pub hidden: Vec<PathBuf>,
}

impl View {
    /// The system's directories and nothing else.
    #[must_use]
    pub fn of_system() -> Self {
        let mut view = Self::default();
        for path in SYSTEM.map(PathBuf::from) {
            let Ok(found) = fs::symlink_metadata(&path) else {
                continue;
            };
            match fs::read_link(&path) {
                Ok(target) if found.is_symlink() => view.links.push((path, target)),
                _ => view.readable.push(path),
            }
        }
        for path in FILES {
            if let Ok(path) = fs::canonicalize(path)
                && !view.shows(&path)
            {
                view.readable.push(path);
            }
        }
        view
    }

    fn shows(&self, path: &Path) -> bool {
        self.readable.iter().any(|shown| path.starts_with(shown))
    }

    /// The same as [`Self::readable`] without mounts that hide something: where something below a directory is
    /// hidden, everything else in that directory.
    pub(super) fn readable_without_hidden(&self) -> Vec<PathBuf> {
        let mut open = self.readable.clone();
        let mut paths = Vec::new();
        while let Some(path) = open.pop() {
            if self.hidden.iter().any(|hidden| path.starts_with(hidden)) {
                continue;
            }
            if !self.hidden.iter().any(|hidden| hidden.starts_with(&path)) {
                paths.push(path);
                continue;
            }
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            open.extend(entries.map(|entry| entry.path()));
        }
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_left_out_and_its_neighbours_are_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        for name in ["a/b/secret", "a/b/open", "a/c"] {
            fs::create_dir_all(path(name)).expect("made");
        }
        let view = View {
            readable: vec![path("a")],
            hidden: vec![path("a/b/secret"), path("elsewhere")],
            ..View::default()
        };
        let mut paths = view.readable_without_hidden();
        paths.sort();
        assert_eq!(paths, [path("a/b/open"), path("a/c")]);
    }

    #[test]
    fn the_system_is_shown_with_its_links() {
        let view = View::of_system();
        assert!(view.shows(Path::new("/usr/bin/env")) && view.shows(Path::new("/etc/passwd")));
        assert!(!view.shows(Path::new("/home")) && !view.shows(Path::new("/var/lib/postgresql")));
        let is_there = |path: &str| {
            let path = Path::new(path);
            view.shows(path) || view.links.iter().any(|(from, _)| from == path)
        };
        assert!(is_there("/bin") && is_there("/lib"));
    }
}
