//! The users that a root executor runs jobs as: each has one job at a time, on the whole machine.

use std::{
    collections::BTreeSet,
    fmt, io,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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
}

/// An id that nobody else has until this is dropped, also no other executor of this machine.
#[derive(Debug)]
pub(crate) struct JobId {
    pub(crate) id: u32,
    ids: JobIds,
    /// Its name is taken for as long as this process holds it.
    _lock: UnixListener,
}

impl JobIds {
    pub(crate) fn new(range: JobIdRange) -> Self {
        Self {
            range,
            taken: Arc::default(),
        }
    }

    /// The lowest one that is free.
    pub(crate) fn take(&self) -> Result<JobId, String> {
        let JobIdRange { first, count } = self.range;
        let mut taken = self.taken();
        for id in (first..first.saturating_add(count)).filter(|id| !taken.contains(id)) {
            let Some(lock) = lock(id).map_err(|error| format!("the id {id}: {error}"))? else {
                continue;
            };
            taken.insert(id);
            drop(taken);
            return Ok(JobId {
                id,
                ids: self.clone(),
                _lock: lock,
            });
        }
        Err(format!("all ids of {} are in use", self.range))
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the id on this machine, if nobody has it: two may not bind one name, and it goes with its process.
fn lock(id: u32) -> io::Result<Option<UnixListener>> {
    let name = SocketAddr::from_abstract_name(format!("playhouse-job-id-{id}"))?;
    match UnixListener::bind_addr(&name) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}

impl Drop for JobId {
    fn drop(&mut self) {
        self.ids.taken().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_given_to_one_at_a_time() {
        let ids = JobIds::new("5000:2".parse().expect("a range"));
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
        let new = || JobIds::new("6000:2".parse().expect("a range"));
        let (here, there) = (new(), new());
        let (one, two) = (here.take().expect("one"), there.take().expect("another"));
        assert_eq!((one.id, two.id), (6_000, 6_001));
        here.take().expect_err("none is left");
        drop(two);
        assert_eq!(here.take().expect("it is free again").id, 6_001);
    }
}
