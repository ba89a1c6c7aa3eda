-- Everything that a claim, a heartbeat or a finish reads stands in the small row of `runs`.
CREATE TABLE runs (
    id            {bytes} NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    queue         TEXT    NOT NULL,
    priority         TEXT    NOT NULL,
    sort_key          BIGINT  NOT NULL,
    status        TEXT    NOT NULL,
    version       BIGINT  NOT NULL,
    token         BIGINT  NOT NULL,
    last_finished_token BIGINT NOT NULL,
    last_progress_token BIGINT NOT NULL,
    starts        BIGINT  NOT NULL,
    failure_count BIGINT  NOT NULL CHECK (failure_count <= max_attempts),
    max_attempts  BIGINT  NOT NULL,
    retry         TEXT,
    timeout_ms    BIGINT,
    whole_timeout_ms BIGINT,
    deadline      BIGINT,
    -- The newest generation of signals, and the one at which each open wish was asked for, else 0.
    signal_generation BIGINT NOT NULL,
    pause_signal  BIGINT  NOT NULL,
    skip_signal   BIGINT  NOT NULL,
    cancel_signal BIGINT  NOT NULL,
    waiting_for   TEXT,
    wait_until    BIGINT,
    on_timeout    TEXT,
    parent        {bytes},
    exclusive_key TEXT,
    -- Whether its work has an end of its own after a cancel: 0 or 1.
    cleans_up     BIGINT  NOT NULL,
    executor      TEXT,
    due_at        BIGINT,
    lease_until   BIGINT,
    created_at    BIGINT  NOT NULL,
    started_at    BIGINT,
    ended_at      BIGINT,
    CHECK ((status = 'running') = (lease_until IS NOT NULL)),
    CHECK (status = 'waiting' OR (status = 'scheduled') = (due_at IS NOT NULL)),
    CHECK ((status = 'waiting') = (waiting_for IS NOT NULL)),
    CHECK ((wait_until IS NULL) = (on_timeout IS NULL)),
    -- Not `IN`: SQLite builds a table for its list each time a row is checked.
    CHECK (status = 'held' OR status = 'scheduled' OR status = 'queued' OR status = 'running' OR status = 'waiting'
        OR status = 'completed' OR status = 'failed' OR status = 'cancelled'),
    CHECK ((status = 'completed' OR status = 'failed' OR status = 'cancelled')
        = (ended_at IS NOT NULL))
) {clustered};

-- The claim's order. Only queued runs are in it, so its size is the backlog's.
CREATE INDEX runs_ready ON runs (queue, sort_key, id) WHERE status = 'queued';
CREATE INDEX runs_by_status ON runs (status, kind, id);
CREATE INDEX runs_by_name ON runs (name, id);
CREATE INDEX runs_due ON runs (due_at) WHERE status = 'scheduled';
CREATE INDEX runs_waiting ON runs (wait_until) WHERE wait_until IS NOT NULL;
CREATE INDEX runs_overdue ON runs (deadline) WHERE deadline IS NOT NULL AND ended_at IS NULL;
CREATE INDEX runs_children ON runs (parent, id) WHERE parent IS NOT NULL;
CREATE INDEX runs_live_children ON runs (parent) WHERE parent IS NOT NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX runs_exclusive ON runs (exclusive_key)
    WHERE exclusive_key IS NOT NULL AND ended_at IS NULL;

-- What submitters call their runs, for lists.
CREATE TABLE run_labels (
    run_id {bytes} NOT NULL,
    name   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (run_id, name)
) {clustered};
CREATE INDEX run_labels_by_value ON run_labels (name, value, run_id);

-- What a run works on, as its contract wrote it.
CREATE TABLE inputs (
    run_id {bytes} NOT NULL PRIMARY KEY,
    body   {bytes} NOT NULL
) {clustered};

-- The uploads that a run's input names: its program and its files.
CREATE TABLE run_blobs (
    run_id {bytes} NOT NULL,
    sha256 TEXT    NOT NULL,
    PRIMARY KEY (run_id, sha256)
) {clustered};
CREATE INDEX run_blobs_by_hash ON run_blobs (sha256);

-- What runs leave: blobs under the names that the newest attempt gave them.
CREATE TABLE artifacts (
    run_id     {bytes} NOT NULL,
    name       TEXT    NOT NULL,
    attempt    BIGINT  NOT NULL,
    sha256     TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    PRIMARY KEY (run_id, name)
) {clustered};
CREATE INDEX artifacts_by_hash ON artifacts (sha256);

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

-- Parts of a run's work: plugins, steps, phases. A part belongs to the part that `path` names, if any.
CREATE TABLE parts (
    run_id     {bytes} NOT NULL,
    number     BIGINT  NOT NULL CHECK (number > 0),
    name       TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    stage      TEXT    NOT NULL,
    attempt    BIGINT  NOT NULL,
    tries      BIGINT  NOT NULL,
    started_at BIGINT  NOT NULL,
    ended_at   BIGINT,
    body       {bytes} NOT NULL,
    PRIMARY KEY (run_id, number),
    CHECK ((stage = 'started') = (ended_at IS NULL))
) {clustered};
CREATE INDEX parts_open ON parts (run_id, number) WHERE ended_at IS NULL;

-- What the work of a run must not lose between its parts, such as a key-value store.
CREATE TABLE states (
    run_id {bytes} NOT NULL PRIMARY KEY,
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

-- How far each stream of an attempt has come, and how much of its children was laid between what it printed.
CREATE TABLE log_positions (
    run_id  {bytes} NOT NULL,
    attempt BIGINT  NOT NULL,
    stream  TEXT    NOT NULL,
    next    BIGINT  NOT NULL,
    beside  BIGINT  NOT NULL,
    PRIMARY KEY (run_id, attempt, stream)
) {clustered};

-- How much a run's log holds. Chunks up to `head_seq` are its beginning, which is kept.
CREATE TABLE log_sizes (
    run_id       {bytes} NOT NULL PRIMARY KEY,
    next_seq     BIGINT  NOT NULL,
    head_seq     BIGINT  NOT NULL,
    stored_bytes BIGINT  NOT NULL
) {clustered};

-- What steps of executions ask people. `question` is opaque here. One of a run that has ended is over,
-- whatever its status.
CREATE TABLE approvals (
    id       {bytes} NOT NULL PRIMARY KEY,
    run_id   {bytes} NOT NULL,
    part     BIGINT  NOT NULL,
    tries    BIGINT  NOT NULL,
    question {bytes} NOT NULL,
    status   TEXT    NOT NULL,
    asked_at BIGINT  NOT NULL,
    due_at   BIGINT,
    ended_at BIGINT,
    CHECK ((status = 'open') = (ended_at IS NULL))
) {clustered};
CREATE UNIQUE INDEX approvals_of_parts ON approvals (run_id, part, tries);
CREATE INDEX approvals_open ON approvals (id) WHERE ended_at IS NULL;

CREATE TABLE approval_answers (
    approval   {bytes} NOT NULL,
    number     BIGINT  NOT NULL,
    actor      TEXT    NOT NULL,
    actor_name TEXT    NOT NULL,
    body       {bytes} NOT NULL,
    at         BIGINT  NOT NULL,
    PRIMARY KEY (approval, number)
) {clustered};
CREATE UNIQUE INDEX approval_answers_by_actor ON approval_answers (approval, actor);

-- The runs that steps started, one for each try.
CREATE TABLE children (
    run_id {bytes} NOT NULL,
    part   BIGINT  NOT NULL,
    tries  BIGINT  NOT NULL,
    child  {bytes} NOT NULL,
    PRIMARY KEY (run_id, part, tries)
) {clustered};

-- The playgrounds of which runs want news, one for each try of a step, and since when.
CREATE TABLE playground_watches (
    run_id        {bytes} NOT NULL,
    part          BIGINT  NOT NULL,
    tries         BIGINT  NOT NULL,
    playground_id BIGINT  NOT NULL,
    since         BIGINT  NOT NULL,
    PRIMARY KEY (run_id, part, tries)
) {clustered};
CREATE INDEX playground_watches_of_playgrounds ON playground_watches (playground_id);

-- The gates of executions, by the playbook and the path of the step: their values are in the part.
CREATE TABLE gates (
    playbook TEXT    NOT NULL,
    step     TEXT    NOT NULL,
    run_id   {bytes} NOT NULL,
    part     BIGINT  NOT NULL,
    PRIMARY KEY (playbook, step, run_id)
) {clustered};
CREATE INDEX gates_of_runs ON gates (run_id);

-- Runs that were deleted but for what they printed and their attempts, which may be very many rows.
CREATE TABLE pending_deletions (
    run_id {bytes} NOT NULL PRIMARY KEY
) {clustered};

-- What happened, to a run or, without one, to something else such as a hook.
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
    priority  TEXT   NOT NULL,
    n      BIGINT NOT NULL CHECK (n >= 0),
    PRIMARY KEY (kind, status, priority)
) {clustered};

CREATE TABLE executors (
    name         TEXT    NOT NULL PRIMARY KEY,
    ip           TEXT    NOT NULL,
    seen_at      BIGINT  NOT NULL,
    completed    BIGINT  NOT NULL,
    registration {bytes},
    -- What a run may need and it has: names, separated by commas.
    capabilities TEXT    NOT NULL DEFAULT ''
) {clustered};

-- What a server asks an executor, until the answer was taken.
CREATE TABLE questions (
    id       {bytes} NOT NULL PRIMARY KEY,
    executor TEXT    NOT NULL,
    body     {bytes} NOT NULL,
    asked_at BIGINT  NOT NULL,
    seen_at  BIGINT,
    ended_at BIGINT,
    error    TEXT
) {clustered};
CREATE INDEX questions_open ON questions (executor) WHERE seen_at IS NULL;

-- Pieces of answers that the caller who asked has not taken yet.
CREATE TABLE answers (
    question {bytes} NOT NULL,
    number   BIGINT  NOT NULL,
    body     {bytes} NOT NULL,
    PRIMARY KEY (question, number)
) {clustered};

CREATE TABLE idempotency_keys (
    key        TEXT    NOT NULL PRIMARY KEY,
    body_hash  {bytes} NOT NULL,
    -- Ids of runs, or what else was made: opaque here.
    answer     {bytes} NOT NULL,
    created_at BIGINT  NOT NULL
) {clustered};
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Bytes by their SHA-256. `object` is the name under which the object store keeps them.
CREATE TABLE blobs (
    sha256     TEXT   NOT NULL PRIMARY KEY,
    object     TEXT   NOT NULL,
    size_bytes BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
) {clustered};
CREATE UNIQUE INDEX blobs_by_object ON blobs (object);

-- The last commit of each writer, for a PostgreSQL server whose answer to a commit was lost, and when
-- the writer was last there.
CREATE TABLE writers (
    name    TEXT   NOT NULL PRIMARY KEY,
    batch   BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
) {clustered};

-- Keys, by their public prefix. The key itself is nowhere: only its SHA-256. A revoked key stays, so
-- that its name can be told, and so that a database that had a key never looks like one without.
CREATE TABLE keys (
    id                  TEXT    NOT NULL PRIMARY KEY,
    prefix              TEXT    NOT NULL,
    hash                {bytes} NOT NULL,
    name                TEXT    NOT NULL,
    role                TEXT    NOT NULL,
    scopes              TEXT    NOT NULL,
    requests_per_minute BIGINT,
    made_by             TEXT,
    created_at          BIGINT  NOT NULL,
    expires_at          BIGINT,
    revoked_at          BIGINT,
    used_at             BIGINT
) {clustered};
CREATE UNIQUE INDEX keys_prefix ON keys (prefix);

-- One row: rises with every key that is made or revoked, so that servers see that something changed.
CREATE TABLE key_head (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO key_head (id, version) VALUES (1, 0);

-- One row: when a write was last tried, to see whether writes work.
CREATE TABLE proof (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    written_at BIGINT NOT NULL
);
INSERT INTO proof (id, written_at) VALUES (1, 0);

-- Secrets that are good for one use and a short time, by their SHA-256: what the use is, and for whom.
CREATE TABLE tickets (
    hash       {bytes} NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL
) {clustered};
CREATE INDEX tickets_age ON tickets (expires_at);

-- Where events are sent. A hook with a `run_id` is of that run alone and has its id.
CREATE TABLE hooks (
    id              TEXT   NOT NULL PRIMARY KEY,
    -- The key that created it: one owner's deliveries share a limit.
    owner           TEXT   NOT NULL,
    run_id          {bytes},
    url             TEXT   NOT NULL,
    headers         TEXT   NOT NULL,
    events          TEXT   NOT NULL,
    description     TEXT   NOT NULL,
    -- Sealed.
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
-- hook is not ended, and once it has ended itself.
CREATE TABLE deliveries (
    hook_id         TEXT   NOT NULL,
    number          BIGINT NOT NULL,
    owner           TEXT   NOT NULL,
    run_id          {bytes},
    seq             BIGINT,
    event           TEXT   NOT NULL,
    body            TEXT   NOT NULL,
    status          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    opened_at       BIGINT NOT NULL,
    due_at          BIGINT,
    claimed_by      TEXT,
    claimed_until   BIGINT,
    attempts        BIGINT NOT NULL,
    failure_count         BIGINT NOT NULL,
    ended_at        BIGINT,
    response_status BIGINT,
    response        {bytes},
    error           TEXT,
    PRIMARY KEY (hook_id, number),
    CHECK (status = 'pending' OR status = 'delivered' OR status = 'failed'),
    CHECK ((status = 'pending') = (ended_at IS NULL)),
    CHECK (ended_at IS NULL OR due_at IS NULL),
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL)),
    CHECK (claimed_by IS NULL OR due_at IS NOT NULL)
) {clustered};
CREATE INDEX deliveries_due ON deliveries (owner, due_at, hook_id, number) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (hook_id, run_id, number) WHERE ended_at IS NULL;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;

-- Who did what to what, from where, and what became of it. Lines are added and never changed; the hash
-- of each covers it and the hash before it. `runs` are the ids of all runs, when there are several.
CREATE TABLE audit (
    number      BIGINT  NOT NULL PRIMARY KEY,
    at          BIGINT  NOT NULL,
    actor       TEXT    NOT NULL,
    actor_name  TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    last_target TEXT,
    runs        {bytes},
    outcome     TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    times       BIGINT  NOT NULL,
    hash        {bytes} NOT NULL,
    CHECK ((last_target IS NULL) = (runs IS NULL))
) {clustered};
CREATE INDEX audit_of_target ON audit (target, number);
CREATE INDEX audit_of_many ON audit (number) WHERE runs IS NOT NULL;

-- One row: number and hash of the newest line.
CREATE TABLE audit_head (
    id     BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    newest BIGINT  NOT NULL,
    hash   {bytes} NOT NULL
);
INSERT INTO audit_head (id, newest, hash) VALUES (1, 0, CAST('' AS {bytes}));

-- One row: number and hash of the newest line that retention has removed.
CREATE TABLE audit_start (
    id      BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    removed BIGINT  NOT NULL,
    hash    {bytes} NOT NULL
);
INSERT INTO audit_start (id, removed, hash) VALUES (1, 0, CAST('' AS {bytes}));

-- Credentials of the vault. What is secret of one is sealed; the database has no key.
CREATE TABLE credentials (
    name        TEXT    NOT NULL PRIMARY KEY,
    username    TEXT    NOT NULL,
    gateway_url TEXT,
    description TEXT    NOT NULL,
    sealed      {bytes} NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL
) {clustered};

-- What a browser was when a step saved it: cookies and local storage, sealed. The database has no key. It outlives
-- the run that saved it.
CREATE TABLE browser_states (
    name     TEXT    NOT NULL PRIMARY KEY,
    sealed   {bytes} NOT NULL,
    saved_by {bytes} NOT NULL,
    saved_at BIGINT  NOT NULL
) {clustered};

-- One row: the key that everything is sealed with, itself sealed under the master key.
CREATE TABLE vault (
    id       BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    data_key {bytes} NOT NULL
);

-- What starts executions by the clock. `body` is what the server reads: when, what and how. `look_at` is when
-- a server has to look at it next: at its next time, or sooner while that time waits for an execution to end.
CREATE TABLE schedules (
    id              TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    body            {bytes} NOT NULL,
    -- The key in whose name it starts executions, if it was made with one, and what that is called.
    key_id          TEXT,
    owner           TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL,
    disabled_at     BIGINT,
    disabled_reason TEXT,
    due_at          BIGINT,
    look_at         BIGINT,
    -- Since when its next time waits for the execution before it.
    queued_at       BIGINT,
    last_run        {bytes},
    last_run_at     BIGINT,
    last_skipped_at BIGINT,
    last_error      TEXT,
    last_error_at   BIGINT,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((disabled_at IS NULL) = (due_at IS NOT NULL)),
    CHECK ((due_at IS NULL) = (look_at IS NULL)),
    CHECK ((last_error IS NULL) = (last_error_at IS NULL))
) {clustered};
CREATE INDEX schedules_due ON schedules (look_at) WHERE look_at IS NOT NULL;

-- Texts of playbooks by their SHA-256, and which playbook had which.
CREATE TABLE playbook_texts (
    hash TEXT    NOT NULL PRIMARY KEY,
    body {bytes} NOT NULL
) {clustered};
CREATE TABLE playbook_revisions (
    path    TEXT   NOT NULL,
    hash    TEXT   NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (path, hash)
) {clustered};

-- What people marked playbooks as, beside what their files say.
CREATE TABLE playbook_marks (
    path          TEXT   NOT NULL PRIMARY KEY,
    verified_at   BIGINT,
    unverified_at BIGINT,
    disabled_at   BIGINT,
    CHECK (verified_at IS NULL OR unverified_at IS NULL)
) {clustered};

-- The next id of each kind of thing that has a number. An id is never given out twice.
CREATE TABLE number_heads (
    kind TEXT   NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
) {clustered};

-- Docker hosts. `key` is the name that executors register, `name` the one that people see; `body` is what the
-- server reads: domains, what its policy allows, limits.
CREATE TABLE playrooms (
    id         BIGINT  NOT NULL PRIMARY KEY,
    key        TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    owner_mark TEXT    NOT NULL,
    engine_id  TEXT    NOT NULL,
    body       {bytes} NOT NULL,
    version    BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    CHECK (status = 'active' OR status = 'disabled')
) {clustered};
CREATE UNIQUE INDEX playrooms_by_key ON playrooms (key);
CREATE UNIQUE INDEX playrooms_by_name ON playrooms (name);

-- Blueprints of playgrounds. `version` rises with every change of what playgrounds are made from.
CREATE TABLE playspecs (
    id         BIGINT  NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    body       {bytes} NOT NULL,
    version    BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
) {clustered};
CREATE UNIQUE INDEX playspecs_by_name ON playspecs (name);

CREATE TABLE playspec_files (
    id          BIGINT  NOT NULL PRIMARY KEY,
    playspec_id BIGINT  NOT NULL,
    name        TEXT    NOT NULL,
    sha256      TEXT    NOT NULL,
    size_bytes  BIGINT  NOT NULL,
    mount_path  TEXT    NOT NULL,
    -- A JSON list.
    services    TEXT    NOT NULL,
    writable_at BIGINT,
    created_at  BIGINT  NOT NULL
) {clustered};
CREATE INDEX playspec_files_of ON playspec_files (playspec_id, id);
CREATE INDEX playspec_files_by_hash ON playspec_files (sha256);

-- Logins of registries. `sealed` is the password.
CREATE TABLE playspec_registries (
    id            BIGINT  NOT NULL PRIMARY KEY,
    playspec_id   BIGINT  NOT NULL,
    registry_type TEXT    NOT NULL,
    registry_url  TEXT    NOT NULL,
    username      TEXT    NOT NULL,
    sealed        {bytes} NOT NULL,
    created_at    BIGINT  NOT NULL
) {clustered};
CREATE INDEX playspec_registries_of ON playspec_registries (playspec_id, id);

-- Live playgrounds: a row goes when everything of its playground was removed. `body` is what is wanted, `sealed`
-- the values of its environment.
CREATE TABLE playgrounds (
    id             BIGINT  NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    project        TEXT    NOT NULL,
    playspec_id    BIGINT  NOT NULL,
    playroom_id    BIGINT  NOT NULL,
    -- Whether it runs until its watched services exit, and whether its volumes outlive it: 0 or 1.
    job_mode       BIGINT  NOT NULL,
    persists       BIGINT  NOT NULL,
    body           {bytes} NOT NULL,
    sealed         {bytes} NOT NULL,
    -- Rises with every change of the row that a request or an operation makes.
    version        BIGINT  NOT NULL,
    -- Rises with every change of what is wanted.
    wanted         BIGINT  NOT NULL,
    expires_at     BIGINT,
    -- Since when its time runs.
    life_from      BIGINT  NOT NULL,
    -- When its end was told of, and when its end was last tried.
    warned_at      BIGINT,
    tried_at       BIGINT,
    -- What was applied last: the revision, and which wishes it has.
    revision       BIGINT,
    applied_wanted BIGINT,
    applied_spec   BIGINT,
    applied_at     BIGINT,
    -- The operation that was started last; how it ended, once it has.
    last_run       {bytes} NOT NULL,
    last_action    TEXT    NOT NULL,
    last_status    TEXT,
    last_error     TEXT,
    last_step      TEXT,
    last_at        BIGINT,
    -- JSON lists: services as they were seen last, and those whose checkouts have changes.
    observed       {bytes},
    observed_at    BIGINT,
    dirty          TEXT,
    -- When its destroy was asked for, until that begins: another operation has to end before.
    destroy_at     BIGINT,
    -- In job mode: what it came to, as JSON, and since when that is known.
    job            {bytes},
    job_at         BIGINT,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    CHECK ((job IS NULL) = (job_at IS NULL)),
    CHECK ((last_status IS NULL) = (last_at IS NULL)),
    CHECK ((revision IS NULL) = (applied_at IS NULL))
) {clustered};
CREATE UNIQUE INDEX playgrounds_by_name ON playgrounds (name);
CREATE INDEX playgrounds_by_run ON playgrounds (last_run);
CREATE INDEX playgrounds_of_specs ON playgrounds (playspec_id, id);
CREATE INDEX playgrounds_of_rooms ON playgrounds (playroom_id, id);
CREATE INDEX playgrounds_expiring ON playgrounds (expires_at) WHERE expires_at IS NOT NULL;

-- What operations left: `body` for every reader, `sealed` with values of the environment.
CREATE TABLE playground_outcomes (
    playground_id BIGINT  NOT NULL,
    operation     {bytes} NOT NULL,
    removed_at    BIGINT,
    dirty         TEXT,
    body          {bytes} NOT NULL,
    sealed        {bytes} NOT NULL,
    at            BIGINT  NOT NULL,
    PRIMARY KEY (playground_id, operation)
) {clustered};
CREATE INDEX playground_outcomes_of_runs ON playground_outcomes (operation);

-- Applied states. `sealed` has the Compose document and the environment.
CREATE TABLE playground_revisions (
    playground_id BIGINT  NOT NULL,
    number        BIGINT  NOT NULL,
    operation     {bytes} NOT NULL,
    action        TEXT    NOT NULL,
    body          {bytes} NOT NULL,
    sealed        {bytes} NOT NULL,
    applied_at    BIGINT  NOT NULL,
    PRIMARY KEY (playground_id, number)
) {clustered};

-- Values that were generated for playgrounds, sealed.
CREATE TABLE playground_secrets (
    playground_id BIGINT  NOT NULL,
    name          TEXT    NOT NULL,
    sealed        {bytes} NOT NULL,
    created_at    BIGINT  NOT NULL,
    PRIMARY KEY (playground_id, name)
) {clustered};

-- The last lines of services that do not run any more, as a JSON list.
CREATE TABLE playground_logs (
    playground_id BIGINT  NOT NULL,
    service       TEXT    NOT NULL,
    body          {bytes} NOT NULL,
    at            BIGINT  NOT NULL,
    PRIMARY KEY (playground_id, service)
) {clustered};
