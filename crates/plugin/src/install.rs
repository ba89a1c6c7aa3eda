//! Installs a plugin from a folder or an archive: unpacked beside the others under a hidden name,
//! checked, and only then put in its place.

mod archive;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;

use crate::{
    digest,
    manifest::{FILE, Manifest},
    plugin::Plugin,
    tree,
};

/// A plugin that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its name, which is that of its folder too.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its content, in hexadecimal.
    pub digest: String,
    /// Where it is.
    pub folder: PathBuf,
    /// The version that it replaced.
    pub replaced: Option<String>,
}

/// Why a plugin was not installed. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The source is no folder and no archive, or not a good one.
    #[error("{0}")]
    Source(String),
    /// The source is not the one that was expected.
    #[error("the SHA-256 is {found}, {expected} was expected")]
    Digest {
        /// What was asked for.
        expected: String,
        /// What it is.
        found: String,
    },
    /// What was unpacked is no plugin.
    #[error("{name} is no plugin that can be used: {reason}")]
    BrokenPlugin {
        /// Its name, or that of its folder.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The name is taken by a plugin that comes first wherever it is there.
    #[error(
        "{name} is the name of a plugin that the program serves itself: give yours another name"
    )]
    Taken {
        /// The name.
        name: String,
    },
    /// A file could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// Installs a plugin into `directory`, in place of one of the same name. `source` is a folder, or an
/// archive `.tar.gz` or `.tgz` with the files at its top or in one folder. `expected` is the SHA-256
/// of the archive, or of the folder's content as [`Plugin::digest`] tells it. None of `taken` may be its
/// name.
///
/// Blocks: it copies files and compiles components, into the directory `compiled`.
pub fn install(
    source: &Path,
    expected: Option<&str>,
    directory: &Path,
    compiled: Option<&Path>,
    taken: &[&str],
) -> Result<Installed, InstallError> {
    fs::create_dir_all(directory).map_err(failed("create", directory))?;
    let staging = tempfile::Builder::new()
        .prefix(".staging-")
        .tempdir_in(directory)
        .map(Staging)
        .map_err(failed("write to", directory))?;
    let unpacked = staging.0.path().join("plugin");
    fs::create_dir(&unpacked).map_err(failed("create", &unpacked))?;
    if source.is_dir() {
        copy(source, &unpacked)?;
        let found = digest::of_folder(&unpacked).map_err(InstallError::Source)?;
        verify(expected, &found)?;
    } else {
        archive::unpack(source, expected, &unpacked)?;
    }
    let root = root(&unpacked)?;
    let plugin = Plugin::load(&root, compiled).map_err(|broken| InstallError::BrokenPlugin {
        name: broken.name,
        reason: broken.reason,
    })?;
    let manifest = plugin.manifest();
    if taken.contains(&manifest.name.as_str()) {
        let name = manifest.name.clone();
        return Err(InstallError::Taken { name });
    }
    let folder = directory.join(&manifest.name);
    let replaced = replace(&root, &folder, &staging.0.path().join("old"))?;
    Ok(Installed {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        digest: String::from(plugin.digest()),
        folder,
        replaced,
    })
}

/// Where the new plugin comes in and the old one goes: its processes may have filled that.
struct Staging(TempDir);

impl Drop for Staging {
    fn drop(&mut self) {
        // What is left of it, the directory itself tries again.
        let _ = tree::remove(self.0.path());
    }
}

fn failed(what: &str, path: &Path) -> impl FnOnce(io::Error) -> InstallError {
    let what = format!("failed to {what} {}", path.display());
    |source| InstallError::Io { what, source }
}

fn verify(expected: Option<&str>, found: &str) -> Result<(), InstallError> {
    match expected {
        Some(expected) if !expected.eq_ignore_ascii_case(found) => Err(InstallError::Digest {
            expected: String::from(expected),
            found: String::from(found),
        }),
        _ => Ok(()),
    }
}

fn copy(source: &Path, target: &Path) -> Result<(), InstallError> {
    for part in digest::parts(source).map_err(InstallError::Source)? {
        let file = File::open(&part.path).map_err(failed("read", &part.path))?;
        write(&target.join(&part.name), part.is_program, file, part.length)?;
    }
    Ok(())
}

/// Writes a file that is not there yet, with the folders above it. None of them can be a link: this
/// function and its callers made them all.
fn write(
    path: &Path,
    is_program: bool,
    content: impl Read,
    length: u64,
) -> Result<(), InstallError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
    }
    let mode = if is_program { 0o755 } else { 0o644 };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed("create", path))?;
    let written = io::copy(&mut content.take(length), &mut file).map_err(failed("write", path))?;
    if written < length {
        let message = format!("{} ends too early", path.display());
        return Err(InstallError::Source(message));
    }
    // Whatever the umask says.
    let permissions = fs::Permissions::from_mode(mode);
    file.set_permissions(permissions)
        .map_err(failed("write", path))
}

/// Where the manifest is: at the top, or in the one folder there.
fn root(unpacked: &Path) -> Result<PathBuf, InstallError> {
    if unpacked.join(FILE).exists() {
        return Ok(PathBuf::from(unpacked));
    }
    let entries = fs::read_dir(unpacked).map_err(failed("read", unpacked))?;
    let mut entries = entries.filter_map(Result::ok);
    match (entries.next(), entries.next()) {
        (Some(only), None) if only.path().join(FILE).exists() => Ok(only.path()),
        _ => Err(InstallError::Source(format!("there is no {FILE} in it"))),
    }
}

/// Puts `new` where `place` is, in one step, and what was there to `old`; tells its version.
fn replace(new: &Path, place: &Path, old: &Path) -> Result<Option<String>, InstallError> {
    if fs::symlink_metadata(place).is_err() {
        fs::rename(new, place).map_err(failed("create", place))?;
        return Ok(None);
    }
    let version = match Manifest::read(place) {
        Ok(manifest) => manifest.version,
        Err(_) => String::from("broken"),
    };
    if renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE).is_err() {
        // Not every file system can exchange two names.
        fs::rename(place, old).map_err(failed("replace", place))?;
        fs::rename(new, place).map_err(failed("create", place))?;
    }
    Ok(Some(version))
}
