-- Everything that a claim, a heartbeat or a finish reads stands in the small row of `runs`.
CREATE TABLE runs (
    id            {bytes} NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    queue         TEXT    NOT NULL,
    class         TEXT    NOT NULL,
    rank          BIGINT  NOT NULL,
    status        TEXT    NOT NULL,
    version       BIGINT  NOT NULL,
    token         BIGINT  NOT NULL,
    settled       BIGINT  NOT NULL,
    starts        BIGINT  NOT NULL,
    strikes       BIGINT  NOT NULL CHECK (strikes <= max_attempts),
    max_attempts  BIGINT  NOT NULL,
    retry         TEXT,
    timeout_ms    BIGINT,
    cancel_sent   BIGINT  NOT NULL,
    parent        {bytes},
    exclusive_key TEXT,
    executor      TEXT,
    due_at        BIGINT,
    lease_until   BIGINT,
    created_at    BIGINT  NOT NULL,
    started_at    BIGINT,
    ended_at      BIGINT,
    CHECK ((status = 'running') = (lease_until IS NOT NULL)),
    CHECK ((status = 'scheduled') = (due_at IS NOT NULL)),
    -- Not `IN`: SQLite builds a table for its list each time a row is checked.
    CHECK (status = 'held' OR status = 'scheduled' OR status = 'queued' OR status = 'running'
        OR status = 'completed' OR status = 'failed' OR status = 'cancelled'),
    CHECK ((status = 'completed' OR status = 'failed' OR status = 'cancelled')
        = (ended_at IS NOT NULL))
) {clustered};

-- The claim's order. Only queued runs are in it, so its size is the backlog's.
CREATE INDEX runs_ready ON runs (queue, rank, id) WHERE status = 'queued';
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_name ON runs (name, id);
CREATE INDEX runs_due ON runs (due_at) WHERE status = 'scheduled';
CREATE INDEX runs_children ON runs (parent) WHERE parent IS NOT NULL;
CREATE UNIQUE INDEX runs_exclusive ON runs (exclusive_key)
    WHERE exclusive_key IS NOT NULL AND ended_at IS NULL;

-- What a run works on, as its contract wrote it. `binary_sha256` names an uploaded program.
CREATE TABLE inputs (
    run_id        {bytes} NOT NULL PRIMARY KEY,
    body          {bytes} NOT NULL,
    binary_sha256 TEXT
) {clustered};
CREATE INDEX inputs_binary ON inputs (binary_sha256) WHERE binary_sha256 IS NOT NULL;

CREATE TABLE attempts (
    run_id      {bytes} NOT NULL,
    number      BIGINT  NOT NULL,
    executor    TEXT    NOT NULL,
    executor_ip TEXT    NOT NULL,
    token       BIGINT  NOT NULL,
    status      TEXT    NOT NULL,
    started_at  BIGINT  NOT NULL,
    ended_at    BIGINT,
    error       {bytes},
    PRIMARY KEY (run_id, number)
) {clustered};

-- What the last ended attempt left. What programs print is bytes: it may hold NUL.
CREATE TABLE results (
    run_id    {bytes} NOT NULL PRIMARY KEY,
    stdout    {bytes} NOT NULL,
    stderr    {bytes} NOT NULL,
    exit_code BIGINT,
    error     {bytes}
) {clustered};

-- What a holder wrote down for the attempt after it.
CREATE TABLE checkpoints (
    run_id {bytes} NOT NULL PRIMARY KEY,
    token  BIGINT  NOT NULL,
    body   {bytes} NOT NULL
) {clustered};

-- Output while it is printed, in chunks in the order of their arrival.
CREATE TABLE logs (
    run_id   {bytes} NOT NULL,
    seq      BIGINT  NOT NULL,
    attempt  BIGINT  NOT NULL,
    stream   TEXT    NOT NULL,
    position BIGINT  NOT NULL,
    body     {bytes} NOT NULL,
    PRIMARY KEY (run_id, seq)
) {clustered};

-- How far each stream of an attempt has come.
CREATE TABLE log_positions (
    run_id  {bytes} NOT NULL,
    attempt BIGINT  NOT NULL,
    stream  TEXT    NOT NULL,
    next    BIGINT  NOT NULL,
    PRIMARY KEY (run_id, attempt, stream)
) {clustered};

-- How much a run's log holds. Chunks up to `head_seq` are its beginning, which is kept.
CREATE TABLE log_sizes (
    run_id       {bytes} NOT NULL PRIMARY KEY,
    next_seq     BIGINT  NOT NULL,
    head_seq     BIGINT  NOT NULL,
    stored_bytes BIGINT  NOT NULL
) {clustered};

-- What happened, to a run or, without one, to something else such as a hook.
-- Runs that were deleted but for what they printed and their attempts, which may be very many rows.
CREATE TABLE remains (
    run_id {bytes} NOT NULL PRIMARY KEY
) {clustered};

CREATE TABLE events (
    seq    BIGINT  NOT NULL PRIMARY KEY,
    at     BIGINT  NOT NULL,
    type   TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    run_id {bytes},
    data   TEXT    NOT NULL
) {clustered};
CREATE INDEX events_of_run ON events (run_id, seq);

-- One row: the number of the newest event, and of the newest that retention has removed.
CREATE TABLE event_head (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    newest  BIGINT NOT NULL,
    removed BIGINT NOT NULL
);
INSERT INTO event_head (id, newest, removed) VALUES (1, 0, 0);

CREATE TABLE counters (
    kind   TEXT   NOT NULL,
    status TEXT   NOT NULL,
    class  TEXT   NOT NULL,
    n      BIGINT NOT NULL CHECK (n >= 0),
    PRIMARY KEY (kind, status, class)
) {clustered};

CREATE TABLE executors (
    name         TEXT    NOT NULL PRIMARY KEY,
    ip           TEXT    NOT NULL,
    seen_at      BIGINT  NOT NULL,
    completed    BIGINT  NOT NULL,
    registration {bytes}
) {clustered};

CREATE TABLE idempotency_keys (
    key        TEXT    NOT NULL PRIMARY KEY,
    body_hash  {bytes} NOT NULL,
    run_ids    {bytes} NOT NULL,
    created_at BIGINT  NOT NULL
) {clustered};
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE binaries (
    sha256     TEXT   NOT NULL PRIMARY KEY,
    size_bytes BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
) {clustered};

-- The last commit of each writer, for a PostgreSQL server whose answer to a commit was lost, and when
-- the writer was last there.
CREATE TABLE writers (
    name    TEXT   NOT NULL PRIMARY KEY,
    batch   BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
) {clustered};
