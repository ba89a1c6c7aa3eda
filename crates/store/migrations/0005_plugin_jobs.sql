-- How far the work of a run came under its last lease, and until when all its attempts may take.
ALTER TABLE runs ADD COLUMN advanced BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN whole_timeout_ms BIGINT;
ALTER TABLE runs ADD COLUMN deadline BIGINT;
CREATE INDEX runs_overdue ON runs (deadline) WHERE deadline IS NOT NULL AND ended_at IS NULL;

-- The plugins that an executor can run: names, separated by commas.
ALTER TABLE executors ADD COLUMN plugins TEXT NOT NULL DEFAULT '';
