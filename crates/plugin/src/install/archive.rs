//! Unpacks an archive `.tar.gz`, which may come from any source.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Take},
    path::{Component, Path, PathBuf},
};

use flate2::read::GzDecoder;
use tar::EntryType;

use super::{InstallError, failed, verify, write};
use crate::digest::{self, MOST_BYTES, MOST_FILES};

/// A name, and what else an archive says about one file beside its header.
const MOST_ABOUT_A_FILE: u64 = 64 << 10;

/// Unpacks an archive: files and folders, nothing else, and nothing outside of `target`.
pub(super) fn unpack(
    source: &Path,
    expected: Option<&str>,
    target: &Path,
) -> Result<(), InstallError> {
    let name = source.to_string_lossy();
    if !name.ends_with(".tar.gz") && !name.ends_with(".tgz") {
        let message = format!("{name} is no folder, and no archive `.tar.gz` or `.tgz`");
        return Err(InstallError::Source(message));
    }
    let mut file = File::open(source).map_err(failed("read", source))?;
    let found = digest::of_file(&mut file).map_err(failed("read", source))?;
    verify(expected, &found)?;
    names(&mut file, source)?;
    let mut archive = open(&mut file, source)?;
    let (mut files, mut bytes) = (0, 0);
    for entry in archive.entries().map_err(failed("unpack", source))? {
        let entry = entry.map_err(failed("unpack", source))?;
        let path = entry.path().map_err(failed("unpack", source))?.into_owned();
        let Some(inside) = inside(&path).map_err(InstallError::Source)? else {
            continue;
        };
        let target = target.join(inside);
        files += 1;
        bytes += entry.size();
        if files > MOST_FILES || bytes > MOST_BYTES {
            return Err(too_large());
        }
        match entry.header().entry_type() {
            EntryType::Directory => {
                fs::create_dir_all(&target).map_err(failed("create", &target))?;
            }
            EntryType::Regular => {
                let mode = entry.header().mode().map_err(failed("unpack", source))?;
                let length = entry.size();
                write(&target, mode & 0o111 != 0, entry, length)?;
            }
            _ => {
                let message = format!("{} in the archive is no file and no folder", path.display());
                return Err(InstallError::Source(message));
            }
        }
    }
    Ok(())
}

fn too_large() -> InstallError {
    let message = format!("the archive has more than {MOST_FILES} files or {MOST_BYTES} bytes");
    InstallError::Source(message)
}

/// An archive's path, if it is one that stays inside; none for what is no part of a plugin.
fn inside(path: &Path) -> Result<Option<PathBuf>, String> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => match part.to_str() {
                Some(name) if !digest::counts(name) => return Ok(None),
                Some(name) => inside.push(name),
                None => return Err(format!("{} has no name in UTF-8", path.display())),
            },
            _ => return Err(format!("{} leads out of the archive", path.display())),
        }
    }
    Ok((!inside.as_os_str().is_empty()).then_some(inside))
}

type Archive<'a> = tar::Archive<Take<GzDecoder<&'a mut File>>>;

/// The archive from its beginning.
fn open<'a>(file: &'a mut File, source: &Path) -> Result<Archive<'a>, InstallError> {
    file.seek(SeekFrom::Start(0))
        .map_err(failed("read", source))?;
    // Headers and padding are not counted, but bounded all the same.
    Ok(tar::Archive::new(GzDecoder::new(file).take(MOST_BYTES * 2)))
}

/// Looks for what would be read into memory while the archive is unpacked: names and other things about a
/// file that do not fit into its header come before it as an entry of any size, and of a file with holes
/// there is a list of any length.
fn names(file: &mut File, source: &Path) -> Result<(), InstallError> {
    let mut archive = open(file, source)?;
    let entries = archive.entries().map_err(failed("unpack", source))?;
    for entry in entries.raw(true) {
        let entry = entry.map_err(failed("unpack", source))?;
        let kind = entry.header().entry_type();
        let is_about_a_file = matches!(
            kind,
            EntryType::GNULongName
                | EntryType::GNULongLink
                | EntryType::XHeader
                | EntryType::XGlobalHeader
        );
        if entry.size() > MOST_BYTES {
            return Err(too_large());
        }
        let message = if kind == EntryType::GNUSparse {
            String::from("the archive has a file with holes: pack it without `--sparse`")
        } else if is_about_a_file && entry.size() > MOST_ABOUT_A_FILE {
            format!("the archive says more than {MOST_ABOUT_A_FILE} bytes about one file")
        } else {
            continue;
        };
        return Err(InstallError::Source(message));
    }
    Ok(())
}
