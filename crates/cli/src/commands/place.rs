//! Default places of files on this machine.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    config::{self, base_dir},
    exit::Failure,
};

/// The data directory of `dev`, in the current directory.
pub(super) const DEV_DATA_DIR: &str = ".playhouse/dev";

/// The data directory of `server`, `backup` and `doctor`.
pub(super) fn data_dir() -> Result<PathBuf, Failure> {
    let base = base_dir("XDG_DATA_HOME", ".local/share")
        .ok_or_else(|| Failure::usage("HOME is not set: say where the data is with --data-dir"))?;
    Ok(base.join("playhouse"))
}

/// The directory of a standalone executor's cache and work directories.
pub(super) fn executor_dir(name: &str) -> Result<PathBuf, Failure> {
    let base = base_dir("XDG_CACHE_HOME", ".cache").ok_or_else(|| {
        Failure::usage("HOME is not set: say where to work with --cache-dir and --work-dir")
    })?;
    Ok(base.join("playhouse").join(name))
}

/// The directory of what a standalone executor must not lose; `None` without a home directory.
pub(super) fn state_dir(name: &str) -> Option<PathBuf> {
    let base = base_dir("XDG_STATE_HOME", ".local/state")?;
    Some(base.join("playhouse").join(name))
}

/// Settings files, which may have keys in them.
pub(super) fn settings_files() -> impl Iterator<Item = PathBuf> {
    let named = std::env::var_os("PLAYHOUSE_CONFIG").map(PathBuf::from);
    named.into_iter().chain(config::usual_file())
}

/// Where plugins are installed, for every command and every executor of this user.
pub(super) fn plugins_dir(named: Option<&Path>) -> Result<PathBuf, Failure> {
    match named {
        Some(directory) => Ok(directory.to_owned()),
        None => Ok(data_dir()
            .map_err(|_| {
                Failure::usage("HOME is not set: say where plugins are with --plugins-dir")
            })?
            .join("plugins")),
    }
}

/// The host's name with only the characters of an executor's name.
pub(super) fn host_name() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    let plain = |byte: char| {
        if byte.is_ascii_alphanumeric() {
            byte
        } else {
            '-'
        }
    };
    let name: String = name.to_string_lossy().chars().map(plain).collect();
    if name.is_empty() {
        "executor".to_owned()
    } else {
        name
    }
}

/// How an executor starts its shims: this very program, also after its file was replaced.
pub(super) fn shim() -> Vec<OsString> {
    vec!["/proc/self/exe".into(), crate::SHIM.into()]
}

/// How this program was called, for commands to copy.
pub(super) fn program_name() -> String {
    std::env::args()
        .next()
        .unwrap_or_else(|| "playhouse".to_owned())
}
