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

-- Secrets that are good for one use and a short time, by their SHA-256: what the use is, and for whom.
CREATE TABLE tickets (
    hash       {bytes} NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL
) {clustered};
CREATE INDEX tickets_age ON tickets (expires_at);
