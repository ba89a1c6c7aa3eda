//! Commits, and what became of one whose answer was lost.

use std::time::{Duration, Instant};

use super::{PostgresConnection, listener::CHANNEL};
use crate::{
    Error,
    driver::{Committed, Row, Value},
};

/// How long to ask what became of a commit.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// The row of one writer, which each of its commits changes: when the answer to a commit is lost,
/// the row says what became of it. (A transaction's own number does not: after a crash the server
/// gives it to another one.)
pub(super) struct Mark {
    name: String,
    batch: i64,
    /// When the writer began, epoch milliseconds.
    since: i64,
}

impl PostgresConnection {
    /// Makes the row of this writer. Its name is unique.
    pub(in crate::driver) fn enrol(&mut self, name: String, now: i64) -> Result<(), Error> {
        const ENROL: &str = "INSERT INTO writers (name, batch, seen_at) VALUES ($1, 0, $2)
            ON CONFLICT (name) DO UPDATE SET batch = 0, seen_at = excluded.seen_at";
        self.exec_many(ENROL, &[[Value::Text(&name), now.into()]])?;
        self.mark = Some(Mark {
            name,
            batch: 0,
            since: now,
        });
        Ok(())
    }

    /// Commits. When the answer is lost the writer's row tells what became of it, so that nothing is
    /// done twice. Without a notice nothing happened that may not be done twice.
    pub(in crate::driver) fn commit(&mut self, notice: Option<&str>) -> Committed {
        if let Some(Err(error)) = notice.map(|notice| self.notify(notice)) {
            self.roll_back();
            return Committed::No(error);
        }
        match self.batch("COMMIT") {
            Ok(()) => Committed::Yes,
            Err(error) if error.is_fatal() && notice.is_some() => self.settle(error),
            Err(error) => {
                self.roll_back();
                Committed::No(error)
            }
        }
    }

    /// Tells other servers, and changes the writer's row.
    fn notify(&mut self, notice: &str) -> Result<(), Error> {
        // The row may be gone: a writer that slept for long is taken for dead.
        const NOTIFY: &str = "WITH mark AS (INSERT INTO writers (name, batch, seen_at)
            VALUES ($3, $4, $5) ON CONFLICT (name) DO UPDATE SET batch = excluded.batch)
            SELECT 1 FROM pg_notify($1, $2)";
        let Some(mark) = &mut self.mark else {
            return Ok(());
        };
        mark.batch += 1;
        let (name, batch, since) = (mark.name.clone(), mark.batch, mark.since);
        let args = [
            CHANNEL.into(),
            notice.into(),
            name.as_str().into(),
            batch.into(),
            since.into(),
        ];
        self.all_many(NOTIFY, &[args], &|_| Ok(())).map(drop)
    }

    /// Asks, until the server is back, what became of the last commit.
    fn settle(&mut self, lost: Error) -> Committed {
        // While the old connection still holds the row, its transaction is not over.
        const BATCH: &str = "SELECT batch FROM writers WHERE name = $1 FOR UPDATE";
        let Some(Mark { name, batch, .. }) = &self.mark else {
            return Committed::No(lost);
        };
        let (name, batch) = (name.clone(), *batch);
        let begun = Instant::now();
        while begun.elapsed() < SETTLE_LIMIT {
            self.session = None;
            let found = self.session().map(drop).and_then(|()| {
                self.batch("SET lock_timeout = '1s'")?;
                self.all_many(BATCH, &[[Value::Text(&name)]], &|row: &Row<'_>| row.int(0))
            });
            if let Ok(rows) = found {
                self.session = None;
                return match rows.into_iter().flatten().next() {
                    Some(found) if found == batch => Committed::Yes,
                    Some(_) => Committed::No(lost),
                    // It was taken for dead, and its row was removed, whatever it said.
                    None => Committed::No(Error::Unknown(lost.to_string())),
                };
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Committed::No(Error::Unknown(lost.to_string()))
    }
}

impl Drop for PostgresConnection {
    /// A writer that ends in peace takes its row along.
    fn drop(&mut self) {
        const LEAVE: &str = "DELETE FROM writers WHERE name = $1";
        if let Some(Mark { name, .. }) = self.mark.take()
            && self.is_connected()
            && let Err(error) = self.exec_many(LEAVE, &[[Value::Text(&name)]])
        {
            tracing::debug!(%error, "a writer's row was left behind");
        }
    }
}
