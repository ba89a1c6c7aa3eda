-- Where events are sent. A hook with a `run_id` is of that run alone and has its id.
CREATE TABLE hooks (
    id              TEXT   NOT NULL PRIMARY KEY,
    run_id          {bytes},
    url             TEXT   NOT NULL,
    -- Deliveries of one lane share its places: the hook itself, or the host that a run's hook names.
    lane            TEXT   NOT NULL,
    headers         TEXT   NOT NULL,
    events          TEXT   NOT NULL,
    description     TEXT   NOT NULL,
    secret          TEXT,
    max_attempts    BIGINT,
    created_at      BIGINT NOT NULL,
    -- Every event up to this number was looked at; for a run's hook, nothing up to it is its run's.
    seen_seq        BIGINT NOT NULL,
    next_number     BIGINT NOT NULL,
    paused_until    BIGINT NOT NULL,
    failures        BIGINT NOT NULL,
    failing_since   BIGINT,
    disabled_at     BIGINT,
    disabled_reason TEXT,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((failures = 0) = (failing_since IS NULL))
) {clustered};
CREATE INDEX hooks_of_all ON hooks (id) WHERE run_id IS NULL;
CREATE UNIQUE INDEX hooks_of_runs ON hooks (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX hooks_of_runs_seen ON hooks (seen_seq) WHERE run_id IS NOT NULL;

-- One row: the events up to this number were looked at for the hooks of single runs.
CREATE TABLE run_hook_cursor (
    id  BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
INSERT INTO run_hook_cursor (id, seq) VALUES (1, 0);

-- One event on its way to one hook. `due_at` is NULL while an earlier delivery of its run to the same
-- hook is not ended, and once it has ended itself; while it is being sent it is the end of the claim.
CREATE TABLE deliveries (
    hook_id         TEXT   NOT NULL,
    number          BIGINT NOT NULL,
    lane            TEXT   NOT NULL,
    run_id          {bytes},
    seq             BIGINT,
    event           TEXT   NOT NULL,
    body            TEXT   NOT NULL,
    status          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    opened_at       BIGINT NOT NULL,
    due_at          BIGINT,
    claimed_by      TEXT,
    attempts        BIGINT NOT NULL,
    strikes         BIGINT NOT NULL,
    ended_at        BIGINT,
    response_status BIGINT,
    response        {bytes},
    error           TEXT,
    PRIMARY KEY (hook_id, number),
    CHECK (status = 'pending' OR status = 'delivered' OR status = 'failed'),
    CHECK ((status = 'pending') = (ended_at IS NULL)),
    CHECK (ended_at IS NULL OR due_at IS NULL),
    CHECK (claimed_by IS NULL OR due_at IS NOT NULL)
) {clustered};
CREATE INDEX deliveries_due ON deliveries (lane, due_at, number) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (hook_id, run_id, number) WHERE ended_at IS NULL;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
