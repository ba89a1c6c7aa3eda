//! Whether every line is there and as it was written.

use super::{Record, chain, columns, extent, read_line};
use crate::{Error, Read, Store, driver::args};

/// Lines of one page: one may be of ten thousand runs.
const PAGE: i64 = 256;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many lines were verified.
    pub lines: i64,
    /// Number of the newest line that retention has removed, 0 when none was.
    pub removed: i64,
    /// Number of the newest line, 0 when there is none.
    pub newest: i64,
    /// Its hash, empty when there is none. Kept elsewhere, it shows later that nothing up to this
    /// line was written again.
    pub hash: Vec<u8>,
    /// The first line that is not as it should be.
    pub broken: Option<Broken>,
}

/// A line that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number.
    pub number: i64,
    /// What is wrong.
    pub reason: &'static str,
}

/// Follows the whole chain. Lines that are written meanwhile are not looked at.
pub async fn verify(store: &Store) -> Result<Verified, Error> {
    let mut walk = store.read(Walk::begin).await?;
    while !walk.ended {
        walk = store.read(move |read| walk.page(read)).await?;
    }
    Ok(walk.found)
}

/// How far the verification is.
struct Walk {
    found: Verified,
    /// The line that was verified last, and its hash.
    last: (i64, Vec<u8>),
    ended: bool,
}

impl Walk {
    fn begin(read: &mut Read<'_, '_>) -> Result<Self, Error> {
        const OUTSIDE: &str = "SELECT number FROM audit WHERE number <= $1 OR number > $2
            ORDER BY number LIMIT 1";
        let extent = extent(read)?;
        let (removed, newest) = (extent.removed.0, extent.newest.0);
        let outside = read
            .tx
            .first(OUTSIDE, args![removed, newest], |row| row.int(0))?;
        let mut walk = Self {
            found: Verified {
                lines: 0,
                removed,
                newest,
                hash: extent.newest.1,
                broken: None,
            },
            last: extent.removed,
            ended: false,
        };
        if let Some(number) = outside {
            walk.stop(number, "it lies outside the ends of the chain");
        }
        Ok(walk)
    }

    fn page(mut self, read: &mut Read<'_, '_>) -> Result<Self, Error> {
        const NEXT: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM audit WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3"
        );
        let removed = extent(read)?.removed;
        if removed.0 > self.last.0 {
            // Retention was here meanwhile.
            self.last = removed;
        }
        let args = args![self.last.0, self.found.newest, PAGE];
        let lines = read.tx.all(NEXT, args, read_line)?;
        if lines.is_empty() {
            self.end();
            return Ok(self);
        }
        for line in &lines {
            if !self.follow(line) {
                break;
            }
        }
        Ok(self)
    }

    /// Takes the next line; false when the chain breaks there.
    fn follow(&mut self, line: &Record) -> bool {
        let expected = self.last.0 + 1;
        if line.number != expected {
            self.stop(expected, "it is missing");
        } else if chain::hash(&self.last.1, line.number, &line.entry) == line.hash {
            self.last = (line.number, line.hash.clone());
            self.found.lines += 1;
        } else {
            self.stop(expected, "its hash is not that of what it says");
        }
        !self.ended
    }

    /// There are no more lines: the last must be the newest.
    fn end(&mut self) {
        let Verified { newest, hash, .. } = &self.found;
        if self.last.0 < *newest {
            self.stop(self.last.0 + 1, "it is missing");
        } else if self.last.0 == *newest && self.last.1 != *hash {
            self.stop(*newest, "its hash is not the one that the head remembers");
        }
        self.ended = true;
    }

    fn stop(&mut self, number: i64, reason: &'static str) {
        self.found.broken = Some(Broken { number, reason });
        self.ended = true;
    }
}
