//! The project's own text files: found by walking the tree, so that no git is needed.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// What is read. Snapshots are left out: they keep what a program printed, as it printed it.
const ENDINGS: [&str; 8] = [
    ".rs", ".md", ".toml", ".sql", ".sh", ".yml", ".yaml", ".json",
];

/// Directories that are not ours.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];

/// One text file.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// True for a file that holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// All text files below the root, in order of their paths.
pub(crate) fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    walk(root, "", &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn walk(dir: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("failed to list {}", dir.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}/{name}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            walk(&entry.path(), &path, files)?;
        } else if kind.is_file() && wanted(&path) {
            let text = fs::read_to_string(entry.path())
                .with_context(|| format!("failed to read {path}"))?;
            files.push(File { path, text });
        }
    }
    Ok(())
}

fn wanted(path: &str) -> bool {
    path == ".ci/run" || ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// A file for a rule's test.
#[cfg(test)]
pub(crate) fn sample(path: &str, text: &str) -> File {
    File {
        path: String::from(path),
        text: String::from(text),
    }
}
