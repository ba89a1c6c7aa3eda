//! The hash of a plugin: over its files in the order of their names. Hidden files, and what Python
//! compiles, are no part of a plugin.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// What a plugin's folder may have.
pub(crate) const MOST_FILES: usize = 10_000;
pub(crate) const MOST_BYTES: u64 = 512 << 20;

/// A file of a plugin.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileDigest {
    /// Relative to the folder, with `/`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) is_program: bool,
    pub(crate) length: u64,
}

/// Whether a file or folder of this name is a part of a plugin.
pub(crate) fn counts(name: &str) -> bool {
    !name.starts_with('.') && name != "__pycache__"
}

/// The files of a folder in the order of their names.
///
/// # Errors
/// What cannot be read, a link, or too many files.
pub(crate) fn parts(folder: &Path) -> Result<Vec<FileDigest>, String> {
    let mut parts = Vec::new();
    walk(folder, "", &mut parts)?;
    parts.sort();
    let bytes: u64 = parts.iter().map(|part| part.length).sum();
    if bytes > MOST_BYTES {
        return Err(format!("has {bytes} bytes, at most {MOST_BYTES}"));
    }
    Ok(parts)
}

fn walk(folder: &Path, prefix: &str, parts: &mut Vec<FileDigest>) -> Result<(), String> {
    let failed = |error: io::Error| format!("{} cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            return Err(format!("{} has no name in UTF-8", entry.path().display()));
        };
        if !counts(&name) {
            continue;
        }
        let name = format!("{prefix}{name}");
        let found = entry.metadata().map_err(failed)?;
        if found.is_dir() {
            walk(&entry.path(), &format!("{name}/"), parts)?;
        } else if !found.is_file() {
            return Err(format!("{name} is a link, or no file"));
        } else if parts.len() == MOST_FILES {
            return Err(format!("has more than {MOST_FILES} files"));
        } else {
            parts.push(FileDigest {
                name,
                path: entry.path(),
                is_program: found.permissions().mode() & 0o111 != 0,
                length: found.len(),
            });
        }
    }
    Ok(())
}

/// The hash of a folder. It does not depend on times, owners, or where the folder is.
///
/// # Errors
/// As [`parts`].
pub(crate) fn of_folder(folder: &Path) -> Result<String, String> {
    let mut hash = Sha256::new();
    for part in parts(folder)? {
        // Lengths before contents, so that no two folders read alike.
        hash.update((part.name.len() as u64).to_le_bytes());
        hash.update(&part.name);
        hash.update([u8::from(part.is_program)]);
        hash.update(part.length.to_le_bytes());
        let copied = File::open(&part.path).and_then(|mut file| add(&mut hash, &mut file));
        match copied {
            Ok(length) if length == part.length => {}
            Ok(_) => return Err(format!("{} changes while it is read", part.name)),
            Err(error) => return Err(format!("{} cannot be read: {error}", part.name)),
        }
    }
    Ok(hexadecimal(&hash.finalize()))
}

/// The hash of a file's content.
pub(crate) fn of_file(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    add(&mut hash, file)?;
    Ok(hexadecimal(&hash.finalize()))
}

pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn add(hash: &mut Sha256, file: &mut File) -> io::Result<u64> {
    let mut chunk = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(total),
            length => {
                hash.update(&chunk[..length]);
                total += length as u64;
            }
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
