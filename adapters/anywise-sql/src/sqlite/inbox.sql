CREATE TABLE aw_inbox (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    msg_id      BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    audience    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX aw_inbox_once ON aw_inbox (msg_id, audience);
CREATE INDEX aw_dead_message ON aw_dead (msg_id);
