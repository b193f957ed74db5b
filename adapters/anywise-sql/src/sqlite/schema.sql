CREATE TABLE aw_delivery (
    id       INTEGER PRIMARY KEY,
    state    INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    epoch    INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    losses   INTEGER NOT NULL DEFAULT 0,
    replays  INTEGER NOT NULL DEFAULT 0,
    crc      INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    msg_id   BLOB NOT NULL,
    target   TEXT NOT NULL,
    key      TEXT,
    name     TEXT NOT NULL,
    failures TEXT,
    head     TEXT NOT NULL,
    body     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX aw_delivery_once ON aw_delivery (msg_id, target);
CREATE INDEX aw_delivery_ready ON aw_delivery (target, id, due) WHERE state = 0 AND losses < 3;
CREATE INDEX aw_delivery_suspect ON aw_delivery (state, id, target, due) WHERE losses >= 3;
CREATE INDEX aw_delivery_claimed ON aw_delivery (target) WHERE state = 1;
CREATE INDEX aw_delivery_blocked ON aw_delivery (target) WHERE state = 2;
CREATE INDEX aw_delivery_later ON aw_delivery (due, target, attempts) WHERE state = 3;
CREATE INDEX aw_delivery_key ON aw_delivery (target, key, id) WHERE key IS NOT NULL;

CREATE TABLE aw_dead (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    origin   INTEGER NOT NULL,
    state    INTEGER NOT NULL DEFAULT 0,
    parked   INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    settled  INTEGER,
    epoch    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    losses   INTEGER NOT NULL,
    replays  INTEGER NOT NULL,
    crc      INTEGER NOT NULL,
    msg_id   BLOB NOT NULL,
    target   TEXT NOT NULL,
    key      TEXT,
    name     TEXT NOT NULL,
    failures TEXT,
    head     TEXT NOT NULL,
    body     BLOB NOT NULL
) STRICT;
CREATE INDEX aw_dead_open ON aw_dead (target, key) WHERE state = 0;
CREATE INDEX aw_dead_settled ON aw_dead (settled) WHERE settled IS NOT NULL;

CREATE TABLE aw_memory (
    memory       TEXT PRIMARY KEY,
    fingerprint  BLOB NOT NULL,
    content_type TEXT NOT NULL,
    at           INTEGER NOT NULL,
    reply        BLOB NOT NULL
) STRICT;
CREATE INDEX aw_memory_age ON aw_memory (at);

CREATE TABLE aw_schedule (
    name     TEXT PRIMARY KEY,
    last_due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE aw_migration (
    slice TEXT NOT NULL,
    name  TEXT NOT NULL,
    sum   INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (slice, name)
) STRICT, WITHOUT ROWID;
