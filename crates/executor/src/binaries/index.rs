//! What a cache knows of its files.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicU64},
};

use tokio::sync::RwLock;

use super::{Digest, DownloadSource, Error};

#[derive(Default)]
pub(super) struct Index {
    pub(super) entries: HashMap<Digest, Entry>,
    /// Counts uses: the entry with the lowest number is the longest unused.
    pub(super) clock: u64,
}

#[derive(Default)]
pub(super) struct Entry {
    /// 0 while it is not there.
    pub(super) size_bytes: u64,
    pub(super) used: u64,
    pub(super) pins: usize,
    pub(super) file: Arc<ProgramFile>,
}

/// Writing a program's file takes the lock for writing, checking it takes it for reading: so one
/// download serves all who wait.
#[derive(Default)]
pub(super) struct ProgramFile {
    /// How many downloads have ended.
    pub(super) downloads: AtomicU64,
    /// The source and the failure of the last download, for those who came before its end.
    pub(super) lock: RwLock<Option<(DownloadSource, Error)>>,
}

impl Index {
    pub(super) fn size_bytes(&self) -> u64 {
        self.entries.values().map(|entry| entry.size_bytes).sum()
    }

    /// The longest unused file that no attempt uses.
    pub(super) fn longest_unused(&self) -> Option<Digest> {
        let unused = self.entries.iter().filter(|(_, entry)| entry.pins == 0);
        unused
            .min_by_key(|(_, entry)| entry.used)
            .map(|(digest, _)| *digest)
    }
}
