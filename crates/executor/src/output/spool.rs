//! A file without a name for output that the server does not have yet: it goes with the executor.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

/// Where output waits that has no room in memory.
#[derive(Debug)]
pub(super) struct Spool {
    dir: PathBuf,
    file: Option<Arc<File>>,
    /// Where the next bytes go.
    end: u64,
}

/// Bytes in such a file.
#[derive(Clone, Debug)]
pub struct Spooled {
    file: Arc<File>,
    at: u64,
    length: usize,
}

impl Spool {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            file: None,
            end: 0,
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<Spooled> {
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::new(tempfile::tempfile_in(&self.dir)?),
        };
        self.file = Some(Arc::clone(&file));
        file.write_all_at(bytes, self.end)?;
        let at = self.end;
        self.end += bytes.len() as u64;
        Ok(Spooled {
            file,
            at,
            length: bytes.len(),
        })
    }

    /// Nothing of it is wanted any more: gives the room back.
    pub(super) fn clear(&mut self) {
        self.file = None;
        self.end = 0;
    }
}

impl Spooled {
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn read(&self) -> io::Result<Bytes> {
        let mut bytes = vec![0; self.length];
        self.file.read_exact_at(&mut bytes, self.at)?;
        Ok(bytes.into())
    }
}
