//! What a job left in its output directory. Nothing there is trusted: the job chose every name, and a
//! process of it may still be there. No symbolic link is followed, and only regular files are opened.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::libc::{O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK};
use wire::artifacts::check_name;

/// Entries that are looked at; a job may leave any number.
const ENTRIES: usize = 100_000;
/// Lines that say what was left out.
const LINES: usize = 20;

/// How much a run may leave.
#[derive(Clone, Copy)]
pub(super) struct ArtifactLimits {
    pub(super) count: usize,
    pub(super) bytes: u64,
}

/// An output directory that is open.
pub(super) struct OutputDir {
    dir: File,
    /// What stands before the names of its files, such as `text-stats/`; may be empty.
    prefix: String,
}

/// How much a run left that is kept, and what is not.
#[derive(Clone, Default)]
pub(super) struct Tally {
    count: usize,
    bytes: u64,
    pub(super) omitted: Omitted,
}

/// What was left out, and why.
#[derive(Clone, Default)]
pub(super) struct Omitted {
    lines: Vec<String>,
    more: usize,
}

impl Omitted {
    pub(super) fn add(&mut self, name: &str, why: &str) {
        if self.lines.len() < LINES {
            let name: String = name.chars().take(200).collect();
            self.lines
                .push(format!("artefact {name:?} was not kept: {why}"));
        } else {
            self.more += 1;
        }
    }

    /// Nothing of a directory is kept.
    pub(super) fn add_all(&mut self, why: &str) {
        self.lines.push(format!("no artefact was kept: {why}"));
    }

    /// Lines for the job's standard error; empty when nothing was left out.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text += &format!("playhouse: {line}\n");
        }
        if self.more > 0 {
            text += &format!("playhouse: {} more artefacts were not kept\n", self.more);
        }
        text
    }
}

impl OutputDir {
    /// Opens it; the names of its files begin with `prefix`. Blocks.
    pub(super) fn open(path: &Path, prefix: String) -> io::Result<Self> {
        let dir = open(path, O_DIRECTORY)?;
        Ok(Self { dir, prefix })
    }

    /// Opens a regular file in it, named as [`Self::list`] does; returns it with its length. Blocks.
    pub(super) fn file(&self, name: &str) -> io::Result<(File, u64)> {
        let name = name.strip_prefix(&self.prefix).unwrap_or(name);
        let (folders, last) = name.rsplit_once('/').unwrap_or(("", name));
        let folder = self.folder(folders)?;
        let file = open(&below(folder.as_ref().unwrap_or(&self.dir), last), 0)?;
        let metadata = file.metadata()?;
        if metadata.is_file() {
            Ok((file, metadata.len()))
        } else {
            Err(io::Error::other("it is not a regular file"))
        }
    }

    /// Opens a folder in it, one level after the other; `None` is the directory itself.
    fn folder(&self, name: &str) -> io::Result<Option<File>> {
        let mut current = None;
        for part in name.split('/').filter(|part| !part.is_empty()) {
            let next = open(
                &below(current.as_ref().unwrap_or(&self.dir), part),
                O_DIRECTORY,
            )?;
            current = Some(next);
        }
        Ok(current)
    }

    /// The names and lengths of the files that are kept, with what the run left before within the limits;
    /// counts them. Blocks.
    pub(super) fn list(&self, limits: ArtifactLimits, tally: &mut Tally) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        let mut seen = 0;
        let omitted = &mut tally.omitted;
        while let Some(folder) = folders.pop() {
            if let Err(error) = self.look(&folder, &mut seen, &mut folders, &mut found, omitted) {
                omitted.add(&self.name(&folder), &error.to_string());
            }
        }
        found.sort_unstable();
        found.retain(|(name, size)| {
            let why = if tally.count >= limits.count {
                format!("the executor keeps at most {} of a job", limits.count)
            } else if *size > limits.bytes.saturating_sub(tally.bytes) {
                format!("the executor keeps at most {} bytes of a job", limits.bytes)
            } else {
                tally.count += 1;
                tally.bytes += size;
                return true;
            };
            omitted.add(name, &why);
            false
        });
        found
    }

    /// Looks at the entries of one folder.
    fn look(
        &self,
        folder: &str,
        seen: &mut usize,
        folders: &mut Vec<String>,
        found: &mut Vec<(String, u64)>,
        omitted: &mut Omitted,
    ) -> io::Result<()> {
        let opened = self.folder(folder)?;
        for entry in fs::read_dir(below(opened.as_ref().unwrap_or(&self.dir), ""))? {
            let entry = entry?;
            *seen += 1;
            if *seen > ENTRIES {
                return Err(io::Error::other(format!("more than {ENTRIES} entries")));
            }
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            let path = if folder.is_empty() {
                shown.clone().into_owned()
            } else {
                format!("{folder}/{shown}")
            };
            let full = self.name(&path);
            if name.to_str().is_none() {
                omitted.add(&full, "its name is not UTF-8");
                continue;
            }
            if let Err(why) = check_name(&full) {
                omitted.add(&full, &format!("its name {why}"));
                continue;
            }
            // Of the entry itself: a link is not followed.
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) if metadata.is_file() => found.push((full, metadata.len())),
                Ok(_) => omitted.add(&full, "it is not a regular file"),
                Err(error) => omitted.add(&full, &error.to_string()),
            }
        }
        Ok(())
    }

    /// The name of what has this path in it.
    fn name(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

/// A path below a folder that is open, whatever has become of the folder's own path.
fn below(folder: &File, name: &str) -> PathBuf {
    Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(name)
}

/// Opens for reading what is no link. A pipe without a writer is no reason to wait.
fn open(path: &Path, flags: i32) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(flags | O_NOFOLLOW | O_NONBLOCK)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const LIMITS: ArtifactLimits = ArtifactLimits {
        count: 3,
        bytes: 100,
    };

    fn listed(dir: &OutputDir, tally: &mut Tally) -> Vec<String> {
        let files = dir.list(LIMITS, tally);
        files.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn only_regular_files_that_stay_inside_are_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("output");
        fs::create_dir_all(path.join("a/b")).expect("made");
        fs::write(path.join("a/b/deep.txt"), "deep").expect("written");
        fs::write(dir.path().join("secret"), "secret").expect("written");
        symlink(dir.path().join("secret"), path.join("link")).expect("made");
        symlink(dir.path(), path.join("folder")).expect("made");
        fs::write(path.join("line\nbreak"), "x").expect("written");
        nix::unistd::mkfifo(&path.join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        let opened = OutputDir::open(&path, String::new()).expect("opened");
        let mut tally = Tally::default();
        assert_eq!(listed(&opened, &mut tally), ["a/b/deep.txt"]);
        let text = tally.omitted.text();
        assert_eq!(text.lines().count(), 4, "{text}");
        for name in ["link", "folder", "line\\nbreak", "pipe"] {
            assert!(text.contains(&format!("\"{name}\"")), "{name}: {text}");
        }
        // What becomes a link after it was listed is not followed either.
        fs::remove_dir_all(path.join("a/b")).expect("removed");
        symlink(dir.path(), path.join("a/b")).expect("made");
        fs::write(dir.path().join("deep.txt"), "elsewhere").expect("written");
        opened.file("a/b/deep.txt").expect_err("a link on the way");
        opened.file("link").expect_err("a link");
        opened.file("pipe").expect_err("a pipe");
        let other = dir.path().join("other");
        symlink(dir.path(), &other).expect("made");
        assert!(OutputDir::open(&other, String::new()).is_err(), "a link");
    }

    #[test]
    fn what_is_too_much_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        for number in 0..40 {
            fs::write(dir.path().join(format!("{number:02}")), "123").expect("written");
        }
        fs::write(dir.path().join("00"), vec![0; 101]).expect("written");
        let opened = OutputDir::open(dir.path(), "of/".to_owned()).expect("opened");
        let mut tally = Tally::default();
        assert_eq!(listed(&opened, &mut tally), ["of/01", "of/02", "of/03"]);
        opened.file("of/01").expect("the file of this name");
        let text = tally.omitted.text();
        assert!(text.contains("\"of/00\" was not kept: the executor keeps at most 100 bytes"));
        assert!(
            text.ends_with("17 more artefacts were not kept\n"),
            "{text}"
        );
        // What was left before counts.
        assert_eq!(listed(&opened, &mut tally), [""; 0]);
    }
}
