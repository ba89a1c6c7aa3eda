//! What the store writes for a job, in SQLite's words. The tables come from the store's migration.

/// The store's tables, with its fragments for SQLite.
pub(super) fn schema() -> String {
    include_str!("../../../../../crates/store/migrations/0001_initial.sql")
        .replace("{bytes}", "BLOB")
        .replace("{clustered}", "WITHOUT ROWID")
}

pub(super) const NEW_RUN: &str = "INSERT INTO runs (id, kind, name, queue, priority, sort_key, status,
    version, token, last_finished_token, last_progress_token, starts, failure_count, max_attempts,
    signal_generation, pause_signal, skip_signal, cancel_signal, cleans_up, created_at)
    VALUES (?1, 'job', 'noop', 'job', 'background', ?2, 'queued', 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, ?2)";

pub(super) const NEW_INPUT: &str = "INSERT INTO inputs (run_id, body) VALUES (?1, ?2)";

pub(super) const READY: &str = "SELECT runs.id, sort_key, version, inputs.body
    FROM runs JOIN inputs ON inputs.run_id = runs.id
    WHERE status = 'queued' AND queue = 'job' ORDER BY sort_key, id LIMIT ?1";

pub(super) const START: &str = "UPDATE runs SET status = 'running', version = version + 1,
    token = token + 1, starts = starts + 1, executor = 'bench-1', lease_until = ?3, started_at = ?3
    WHERE id = ?1 AND version = ?2";

pub(super) const NEW_ATTEMPT: &str = "INSERT INTO attempts
    (run_id, number, executor, executor_ip, token, status, started_at)
    VALUES (?1, 1, 'bench-1', '127.0.0.1', 1, 'running', ?2)";

pub(super) const HELD: &str = "SELECT version FROM runs WHERE id = ?1 AND token = 1";

pub(super) const END: &str = "UPDATE runs SET status = 'completed', version = version + 1,
    last_finished_token = token, lease_until = NULL, ended_at = ?3 WHERE id = ?1 AND version = ?2";

pub(super) const END_ATTEMPT: &str =
    "UPDATE attempts SET status = 'completed', ended_at = ?2 WHERE run_id = ?1 AND number = 1";

pub(super) const NEW_RESULT: &str =
    "INSERT INTO results (run_id, stdout, stderr, exit_code) VALUES (?1, x'', x'', 0)";

pub(super) const NEW_EVENT: &str =
    "INSERT INTO events (seq, at, type, kind, run_id, data) VALUES (?1, ?2, ?3, 'job', ?4, ?5)";

pub(super) const HEAD: &str =
    "UPDATE event_head SET newest = newest + ?1 WHERE id = 1 RETURNING newest";

pub(super) const COUNT: &str = "INSERT INTO counters (kind, status, priority, n)
    VALUES ('job', ?1, 'background', max(?2, 0))
    ON CONFLICT (kind, status, priority) DO UPDATE SET n = n + ?2";

pub(super) const SEEN: &str = "INSERT INTO executors (name, ip, seen_at, completed)
    VALUES ('bench-1', '127.0.0.1', ?1, ?2)
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at,
    completed = completed + excluded.completed";
