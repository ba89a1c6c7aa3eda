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
