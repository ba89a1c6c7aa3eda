//! What a job is to find: files in its directory, and paths of its machine.

use std::collections::BTreeMap;

use wire::{
    artifacts::check_name,
    jobs::{HashedJobFile, JobFile},
};

use super::check::{hash, uploaded, url};
use crate::refusal::Refusal;

/// Files that one job may have.
const FILES_LIMIT: usize = 100;
/// Paths that one job may name, and the longest that Linux takes, with `:rw`.
const ALLOW_LIMIT: usize = 100;
const PATH_LIMIT: usize = 4_098;

/// Checks the files that are laid into a job's directory, and adds the hashes of those that are uploads
/// to `blobs`.
pub(super) fn check_files(
    files: &mut BTreeMap<String, JobFile>,
    blobs: &mut Vec<String>,
) -> Result<(), Refusal> {
    if files.len() > FILES_LIMIT {
        let message = format!("at most {FILES_LIMIT} files are allowed");
        return Err(Refusal::field("files", message));
    }
    for name in files.keys() {
        let field = format!("files.{name}");
        check_name(name).map_err(|why| Refusal::field(&*field, format!("the name {why}")))?;
        let mut folder = name.as_str();
        while let Some((above, _)) = folder.rsplit_once('/') {
            if files.contains_key(above) {
                let message = format!("the file `{above}` cannot be a folder as well");
                return Err(Refusal::field(field, message));
            }
            folder = above;
        }
    }
    for (name, file) in files {
        let (at, sha256) = file.parts();
        let mut full = HashedJobFile {
            url: at.to_owned(),
            sha256: sha256.map(str::to_owned),
        };
        url(&format!("files.{name}.url"), &full.url)?;
        if let Some(sha256) = &mut full.sha256 {
            hash(&format!("files.{name}.sha256"), sha256)?;
        }
        let upload = uploaded(&full.url);
        blobs.extend(upload.clone());
        full.sha256 = full.sha256.or(upload);
        *file = JobFile::Full(full);
    }
    Ok(())
}

/// Paths that the job is to reach: what they come to is its executor's affair.
pub(super) fn check_allow(paths: &[String]) -> Result<(), Refusal> {
    if paths.len() > ALLOW_LIMIT {
        let message = format!("at most {ALLOW_LIMIT} paths are allowed");
        return Err(Refusal::field("allow", message));
    }
    let is_path =
        |path: &String| path.starts_with('/') && !path.contains('\0') && path.len() <= PATH_LIMIT;
    match paths.iter().position(|path| !is_path(path)) {
        None => Ok(()),
        Some(index) => Err(Refusal::field(
            format!("allow[{index}]"),
            format!(
                "must be an absolute path of at most {PATH_LIMIT} bytes, with `:rw` behind it to write there"
            ),
        )),
    }
}
