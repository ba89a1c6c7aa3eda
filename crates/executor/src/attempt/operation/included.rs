//! Files of a repository that its Compose file names: none of them leads out of the checkout.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use docker::git::read_file;
use playground::{
    blueprint,
    policy::{self, Policy},
};

use super::error::OperationError;

/// Files that include each other are followed so far.
const DEPTH: usize = 16;
/// The longest Compose file.
const FILE_BYTES: u64 = 4 << 20;

/// What is refused in the files that a Compose file includes and extends.
pub(super) fn refused(
    checkout: &Path,
    file: &Path,
    text: &str,
    judge: (&BTreeMap<String, String>, &Policy),
) -> Result<Vec<String>, OperationError> {
    let mut refused = Vec::new();
    let mut open = vec![(file.to_owned(), text.to_owned(), 0)];
    while let Some((file, text, depth)) = open.pop() {
        let found = policy::check_text(&text, judge.0, judge.1);
        refused.extend(found.iter().map(|one| format!("{}: {one}", file.display())));
        if depth == DEPTH || !refused.is_empty() {
            continue;
        }
        let place = file.parent().unwrap_or(Path::new(""));
        for other in blueprint::read(&text).other_files {
            let path = place.join(&other);
            match read_file(checkout, &path.to_string_lossy(), FILE_BYTES) {
                Ok(text) => open.push((path, text, depth + 1)),
                // The compose tool says better what is missing.
                Err(docker::git::FileError::NotFound(_)) => {}
                Err(error) => refused.push(error.to_string()),
            }
        }
    }
    Ok(refused)
}

/// The links of a checkout that lead out of it: what follows them would read or write elsewhere.
pub(super) fn links_out(checkout: &Path) -> io::Result<Vec<PathBuf>> {
    let root = checkout.canonicalize()?;
    let mut out = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_symlink()
                && entry
                    .path()
                    .canonicalize()
                    .is_ok_and(|real| !real.starts_with(&root))
            {
                out.push(entry.path());
            }
        }
    }
    Ok(out)
}
