//! What a killed git leaves behind and will not work over.

use std::{fs, io, path::Path};

/// Removes git's own lock files below a git directory, of which the caller holds the lock: no git runs there.
pub(super) fn remove(git_directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(git_directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != "objects" {
            remove(&entry.path())?;
        } else if kind.is_file()
            && entry
                .path()
                .extension()
                .is_some_and(|ending| ending == "lock")
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
