//! The users that a root executor runs jobs as: each has one job at a time, on the whole machine.

use std::{
    collections::BTreeSet,
    fmt,
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, fcntl},
    libc,
};

/// The file in which each id that is in use is a locked byte. Only root may open it. Executors in containers have
/// one each: they need ranges of their own.
const LOCKS: &str = "/run/playhouse-job-ids";

/// Ids of users, which are those of their groups as well, that nothing else on the machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobIdRange {
    /// The first one.
    pub first: u32,
    /// How many there are.
    pub count: u32,
}

impl Default for JobIdRange {
    /// Above what distributions, systemd and container engines give out.
    fn default() -> Self {
        Self {
            first: 2_147_000_000,
            count: 65_536,
        }
    }
}

impl fmt::Display for JobIdRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.first, self.count)
    }
}

impl FromStr for JobIdRange {
    type Err = String;

    /// `FIRST:COUNT`, as in `/etc/subuid`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once(':').and_then(|(first, count)| {
            let (first, count) = (first.parse().ok()?, count.parse().ok()?);
            Some(Self { first, count })
        });
        let range = numbers.ok_or_else(|| format!("`{text}` is not FIRST:COUNT"))?;
        // Ids below are those of the system; the last one means "none".
        let end = range.first.checked_add(range.count);
        if range.first < 1_000 || range.count == 0 || end.is_none() {
            return Err(
                "ids begin at 1000 and end below 4294967295, and there is at least one".to_owned(),
            );
        }
        Ok(range)
    }
}

/// Gives out the ids of a range.
#[derive(Clone, Debug)]
pub(crate) struct JobIds {
    range: JobIdRange,
    taken: Arc<Mutex<BTreeSet<u32>>>,
    locks: Arc<File>,
}

/// An id that nobody else has until this is dropped, also no other executor of this machine.
#[derive(Debug)]
pub(crate) struct JobId {
    pub(crate) id: u32,
    ids: JobIds,
}

impl JobIds {
    /// Opens the file of locks. Blocks.
    pub(crate) fn open(range: JobIdRange) -> io::Result<Self> {
        Self::with_locks(range, Path::new(LOCKS))
    }

    fn with_locks(range: JobIdRange, locks: &Path) -> io::Result<Self> {
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(false);
        Ok(Self {
            range,
            taken: Arc::default(),
            locks: Arc::new(options.mode(0o600).open(locks)?),
        })
    }

    /// The lowest one that is free.
    pub(crate) fn take(&self) -> Result<JobId, String> {
        let JobIdRange { first, count } = self.range;
        let mut taken = self.taken();
        for id in (first..first.saturating_add(count)).filter(|id| !taken.contains(id)) {
            let locked = lock(&self.locks, id, libc::F_WRLCK);
            if !locked.map_err(|error| format!("the id {id} cannot be locked: {error}"))? {
                continue;
            }
            taken.insert(id);
            let ids = self.clone();
            return Ok(JobId { id, ids });
        }
        Err(format!("all ids of {} are in use", self.range))
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the id on this machine, or lets go of it; false when another executor has it. It goes with its process.
fn lock(file: &File, id: u32, kind: libc::c_int) -> io::Result<bool> {
    let range = libc::flock {
        l_type: libc::c_short::try_from(kind).unwrap_or_default(),
        l_whence: 0,
        l_start: id.into(),
        l_len: 1,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&range)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Drop for JobId {
    fn drop(&mut self) {
        let mut taken = self.ids.taken();
        // Of this process alone: without it the id would not be given out again.
        let _ = lock(&self.ids.locks, self.id, libc::F_UNLCK);
        taken.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_given_to_one_at_a_time() {
        let dir = tempfile::tempdir().expect("a directory");
        let range = "5000:2".parse().expect("a range");
        let ids = JobIds::with_locks(range, &dir.path().join("locks")).expect("opened");
        let (one, two) = (ids.take().expect("one"), ids.take().expect("another"));
        assert_eq!((one.id, two.id), (5_000, 5_001));
        ids.take().expect_err("none is left");
        drop(one);
        assert_eq!(ids.take().expect("the first again").id, 5_000);
        drop(two);
        for wrong in ["", "5", "0:5", "5000:0", "4294967295:1", "-1:5"] {
            assert!(wrong.parse::<JobIdRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_executors_with_one_range_give_different_ids() {
        let dir = tempfile::tempdir().expect("a directory");
        let range = "5000:2".parse().expect("a range");
        let open = || JobIds::with_locks(range, &dir.path().join("locks")).expect("opened");
        let (here, there) = (open(), open());
        let (one, two) = (here.take().expect("one"), there.take().expect("another"));
        assert_eq!((one.id, two.id), (5_000, 5_001));
        here.take().expect_err("none is left");
        drop(two);
        assert_eq!(here.take().expect("it is free again").id, 5_001);
    }
}
