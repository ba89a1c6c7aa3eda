//! Whether anything changed: one number for the names and contents of files.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Left behind by tools beside what people write.
const LEFT_BEHIND: [&str; 2] = ["target", "__pycache__"];

/// Of all files, and of all files in all folders.
pub(super) fn hash(inputs: &[PathBuf]) -> Result<String> {
    // It only has to differ when something changed, on one machine.
    let mut hasher = DefaultHasher::new();
    for input in inputs {
        let files = if input.is_dir() {
            files(input)?
        } else {
            vec![input.clone()]
        };
        for file in files {
            let content = fs::read(&file);
            let content = content.with_context(|| format!("failed to read {}", file.display()))?;
            file.strip_prefix(input)?.hash(&mut hasher);
            content.hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The files in a folder and the folders in it, in the order of their names.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let entries = fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("failed to read {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') || LEFT_BEHIND.contains(&&*name) {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_changes_the_hash() {
        let folder = std::env::temp_dir().join(format!("playhouse-inputs-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        let file = folder.join("src/a.rs");
        fs::write(&file, "one").unwrap();
        let of = || hash(std::slice::from_ref(&folder)).unwrap();
        let first = of();
        assert_eq!(of(), first);
        fs::write(folder.join(".hidden"), "x").unwrap();
        assert_eq!(of(), first);
        fs::write(&file, "two").unwrap();
        let second = of();
        assert_ne!(second, first);
        fs::rename(&file, folder.join("src/b.rs")).unwrap();
        assert_ne!(of(), second);
        fs::remove_dir_all(&folder).unwrap();
    }
}
