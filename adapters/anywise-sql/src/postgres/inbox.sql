CREATE TABLE {s}.aw_inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    msg_id uuid NOT NULL,
    fingerprint uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT statement_timestamp(),
    audience text NOT NULL
) WITH (autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX aw_inbox_once ON {s}.aw_inbox (msg_id, audience);
CREATE INDEX aw_dead_message ON {s}.aw_dead (msg_id);
