//! A bare SQLite connection with the store's tables and durability.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use rusqlite::{Connection, config::DbConfig, params};

use super::statements as sql;

/// As large as what the server keeps of a submit.
const INPUT: &str = concat!(
    r#"{"type":"noop","binary_url":"http://127.0.0.1:9/noop","binary_sha256":""#,
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    r#"","arguments":["--fast"],"env_variables":{}}"#
);

/// Ids rise, as those of the server do.
type Id = [u8; 16];

/// A new database.
pub(super) struct Bare {
    connection: Connection,
    /// Stands for the time and makes the ids.
    tick: i64,
}

/// One transaction, and the events that are numbered at its end.
pub(super) struct Transaction<'a> {
    connection: &'a Connection,
    tick: &'a mut i64,
    events: Vec<(&'static str, Id, &'static str)>,
    /// Changes of the counters: queued, running, completed.
    moved: [i64; 3],
}

impl Bare {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        for ending in ["", "-wal", "-shm"] {
            let path = dir.join(format!("ceiling.db{ending}"));
            if path.exists() {
                fs::remove_file(path)?;
            }
        }
        let connection = Connection::open(dir.join("ceiling.db"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        connection.pragma_update(None, "wal_autocheckpoint", 10_000)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(32);
        connection.execute_batch(&sql::schema())?;
        Ok(Self {
            connection,
            tick: 1_000_000_000_000,
        })
    }

    /// Does `work` in one transaction that is on disk when this returns.
    pub(super) fn commit<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut transaction = Transaction {
            connection: &self.connection,
            tick: &mut self.tick,
            events: Vec::new(),
            moved: [0; 3],
        };
        let answer = work(&mut transaction)?;
        transaction.end()?;
        self.connection.execute_batch("COMMIT")?;
        Ok(answer)
    }

    #[cfg(test)]
    pub(super) fn counts(&self) -> Result<Vec<(String, i64)>> {
        let text = "SELECT status, n FROM counters WHERE n > 0 INTERSECT
            SELECT status, count(*) FROM runs GROUP BY status ORDER BY status";
        let mut statement = self.connection.prepare(text)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    #[cfg(test)]
    pub(super) fn newest_event(&self) -> Result<i64> {
        Ok(self
            .connection
            .query_row("SELECT max(seq) FROM events", [], |row| row.get(0))?)
    }
}

impl Transaction<'_> {
    pub(super) fn submit(&mut self, count: usize) -> Result<()> {
        let mut run = self.connection.prepare_cached(sql::NEW_RUN)?;
        let mut input = self.connection.prepare_cached(sql::NEW_INPUT)?;
        for _ in 0..count {
            *self.tick += 1;
            let id: Id = (u128::from(self.tick.unsigned_abs()) << 64).to_be_bytes();
            run.execute(params![id, *self.tick])?;
            input.execute(params![id, INPUT.as_bytes()])?;
            self.events
                .push(("job.submitted", id, r#"{"name":"noop","status":"queued"}"#));
        }
        self.moved[0] += count as i64;
        Ok(())
    }

    pub(super) fn claim(&mut self, count: usize) -> Result<Vec<Id>> {
        let mut ready = self.connection.prepare_cached(sql::READY)?;
        let rows = ready.query_map([count as i64], |row| {
            // The answer of a claim carries the input.
            let _: Vec<u8> = row.get(3)?;
            Ok((row.get(0)?, row.get(2)?))
        })?;
        let found = rows.collect::<Result<Vec<(Id, i64)>, _>>()?;
        let mut start = self.connection.prepare_cached(sql::START)?;
        let mut attempt = self.connection.prepare_cached(sql::NEW_ATTEMPT)?;
        for (id, version) in &found {
            ensure!(
                start.execute(params![id, version, *self.tick])? == 1,
                "a run was lost"
            );
            attempt.execute(params![id, *self.tick])?;
            let data = r#"{"name":"noop","status":"running","attempt":1,"executor_id":"bench-1"}"#;
            self.events.push(("job.started", *id, data));
        }
        self.moved[0] -= found.len() as i64;
        self.moved[1] += found.len() as i64;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    pub(super) fn complete(&mut self, ids: &[Id]) -> Result<()> {
        let mut held = self.connection.prepare_cached(sql::HELD)?;
        let mut end = self.connection.prepare_cached(sql::END)?;
        let mut attempt = self.connection.prepare_cached(sql::END_ATTEMPT)?;
        let mut result = self.connection.prepare_cached(sql::NEW_RESULT)?;
        for id in ids {
            let version: i64 = held.query_row([id], |row| row.get(0))?;
            ensure!(
                end.execute(params![id, version, *self.tick])? == 1,
                "a run was lost"
            );
            attempt.execute(params![id, *self.tick])?;
            result.execute([id])?;
            let data =
                r#"{"name":"noop","status":"completed","attempt":1,"executor_id":"bench-1"}"#;
            self.events.push(("job.completed", *id, data));
        }
        self.moved[1] -= ids.len() as i64;
        self.moved[2] += ids.len() as i64;
        Ok(())
    }

    fn end(self) -> Result<()> {
        let mut count = self.connection.prepare_cached(sql::COUNT)?;
        for (status, n) in ["queued", "running", "completed"].iter().zip(self.moved) {
            if n != 0 {
                count.execute(params![status, n])?;
            }
        }
        if self.moved[2] > 0 {
            let mut seen = self.connection.prepare_cached(sql::SEEN)?;
            seen.execute(params![*self.tick, self.moved[2]])?;
        }
        let number = self.events.len() as i64;
        let mut head = self.connection.prepare_cached(sql::HEAD)?;
        let newest: i64 = head.query_row([number], |row| row.get(0))?;
        let mut event = self.connection.prepare_cached(sql::NEW_EVENT)?;
        for (seq, (kind, id, data)) in (newest - number + 1..).zip(&self.events) {
            event.execute(params![seq, *self.tick, kind, id, data])?;
        }
        Ok(())
    }
}
