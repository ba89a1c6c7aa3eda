//! Compiled components on disk, so that the next start does not compile again. Compiled code is
//! trusted blindly, so only what this user wrote into a directory of its own is loaded; no archive can
//! put anything there.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use wasmtime::{Engine, component::Component};

use crate::digest;

/// How the names of compiled code end, and how those begin of what is not whole yet.
const ENDING: &str = ".cwasm";
const UNFINISHED: &str = ".new-";

/// Compiles a component, or loads what was compiled from the same bytes by the same engine.
pub(super) fn load(
    engine: &Engine,
    bytes: &[u8],
    directory: Option<&Path>,
) -> Result<Component, String> {
    let Some(directory) = directory else {
        return Component::new(engine, bytes).map_err(|error| no_component(&error));
    };
    let path = directory.join(file(engine, bytes));
    if let Some(component) = stored(engine, &path) {
        return Ok(component);
    }
    let code = engine
        .precompile_component(bytes)
        .map_err(|error| no_component(&error))?;
    let kept = |error: io::Error| {
        format!(
            "compiled code cannot be kept in {}: {error}",
            directory.display()
        )
    };
    keep(directory, &path, &code).map_err(kept)?;
    stored(engine, &path).ok_or_else(|| format!("{} cannot be loaded", path.display()))
}

/// The same component for another engine whose code is the same; none if it does not fit there.
pub(super) fn also(
    engine: &Engine,
    component: &Component,
    bytes: &[u8],
    directory: Option<&Path>,
) -> Option<Component> {
    if let Some(directory) = directory {
        return stored(engine, &directory.join(file(engine, bytes)));
    }
    let code = component.serialize().ok()?;
    #[expect(unsafe_code, reason = "there is no other way to load compiled code")]
    // SAFETY: another engine of this process compiled it just now.
    let loaded = unsafe { Component::deserialize(engine, &code) };
    loaded.ok()
}

/// Removes what was compiled from other components or by other engines, and what a crash left of it.
pub(crate) fn sweep(directory: &Path, kept: &HashSet<&str>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.ends_with(ENDING) || name.starts_with(UNFINISHED);
        if ours && !kept.contains(&*name) {
            // What stays does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What compiled code is called.
pub(super) fn file(engine: &Engine, bytes: &[u8]) -> String {
    // The engine's hash is over its version and all settings that the code depends on.
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let hash = hasher.finish();
    format!("{}-{hash:016x}{ENDING}", digest::of_bytes(bytes))
}

fn no_component(error: &wasmtime::Error) -> String {
    format!("is no component: {error:#}")
}

/// What is there, if it is ours and of use.
fn stored(engine: &Engine, path: &Path) -> Option<Component> {
    let ours = |path: &Path| {
        let found = fs::symlink_metadata(path).ok()?;
        let user = rustix::process::geteuid().as_raw();
        (found.uid() == user && found.mode() & 0o022 == 0).then_some(found)
    };
    if !ours(path.parent()?)?.is_dir() || !ours(path)?.is_file() {
        return None;
    }
    #[expect(unsafe_code, reason = "there is no other way to load compiled code")]
    // SAFETY: `keep` wrote the file: it belongs to this user, stands in a directory that no other user
    // may write to, was complete and on disk before it got its name, and is never changed.
    let loaded = unsafe { Component::deserialize_file(engine, path) };
    loaded.ok()
}

fn keep(directory: &Path, path: &Path, code: &[u8]) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(directory)?;
    file.write_all(code)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
