//! The disk of the data directory: how much of it must stay free, so that ends of runs can always be written.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::refusal::{Refusal, RefusalKind};

/// What must stay free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeSpace {
    /// Five percent of the file system, and at least 200 MB.
    Usual,
    /// So many bytes; 0 takes everything.
    Bytes(u64),
}

/// How long a look at the disk is believed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const MB: u64 = 1_000_000;

/// The disk under the data directory.
pub(crate) struct Disk {
    dir: PathBuf,
    floor: FreeSpace,
    looked: Mutex<Option<(Instant, DiskRoom)>>,
}

/// What there is, in bytes.
#[derive(Clone, Copy)]
struct DiskRoom {
    free: u64,
    whole: u64,
}

impl Disk {
    pub(crate) fn new(dir: PathBuf, floor: FreeSpace) -> Self {
        Self {
            dir,
            floor,
            looked: Mutex::default(),
        }
    }

    /// Refuses what would grow the data while too little is free.
    pub(crate) fn must_have_room(&self) -> Result<(), Refusal> {
        match self.shortage() {
            None => Ok(()),
            Some(why) => Err(Refusal::new(RefusalKind::Unavailable, why)),
        }
    }

    /// Why nothing more is taken, if so.
    pub(crate) fn shortage(&self) -> Option<String> {
        if self.floor == FreeSpace::Bytes(0) {
            return None;
        }
        let DiskRoom { free, whole } = self.look()?;
        let floor = match self.floor {
            FreeSpace::Usual => (whole / 20).max(200 * MB),
            FreeSpace::Bytes(bytes) => bytes,
        };
        (free < floor).then(|| {
            format!(
                "the disk of the data directory has {} MB free and must keep {} MB: no runs, output or \
                 uploads are taken until there is room; ends of runs are",
                free / MB,
                floor.div_ceil(MB)
            )
        })
    }

    fn look(&self) -> Option<DiskRoom> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((at, room)) = *looked
            && now < at + LOOK_EVERY
        {
            return Some(room);
        }
        // A file system that does not tell is believed to have room.
        let found = rustix::fs::statvfs(&self.dir).ok()?;
        let room = DiskRoom {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            whole: found.f_blocks.saturating_mul(found.f_frsize),
        };
        *looked = Some((now, room));
        Some(room)
    }
}

#[cfg(test)]
mod tests {
    use super::{Disk, FreeSpace};

    #[test]
    fn what_must_stay_free_is_compared_with_what_is_free() {
        let dir = tempfile::tempdir().expect("a directory");
        let of = |floor| Disk::new(dir.path().to_owned(), floor).shortage();
        assert_eq!(of(FreeSpace::Bytes(0)), None);
        assert_eq!(of(FreeSpace::Bytes(1)), None);
        let why = of(FreeSpace::Bytes(u64::MAX)).expect("more than any disk has");
        assert!(why.contains("MB free and must keep"), "{why}");
        let gone = Disk::new(dir.path().join("gone"), FreeSpace::Bytes(u64::MAX));
        assert_eq!(gone.shortage(), None);
    }
}
