CREATE TABLE {s}.aw_broker_route (
    event text NOT NULL,
    grp text NOT NULL,
    asked timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (event, grp)
);

CREATE TABLE {s}.aw_broker_message (
    grp text NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    key text,
    head text NOT NULL,
    body bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (grp, id)
) WITH (
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.1,
    autovacuum_analyze_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.1,
    autovacuum_vacuum_cost_delay = 0
);

-- What was given to somebody and is not settled. A crash of the server empties
-- it, which gives everything back.
CREATE UNLOGGED TABLE {s}.aw_broker_delivery (
    id bigint PRIMARY KEY,
    grp text NOT NULL,
    key text,
    -- nobody: it may be given out again from `until` on
    owner uuid,
    until timestamptz NOT NULL,
    times integer NOT NULL
) WITH (
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.1,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX aw_broker_delivery_group ON {s}.aw_broker_delivery (grp);

CREATE TABLE {s}.aw_broker_dead (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grp text NOT NULL,
    name text NOT NULL,
    key text,
    head text NOT NULL,
    body bytea NOT NULL,
    published timestamptz NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT statement_timestamp()
);

-- Gives out what may be worked on, in the order of its numbers. One at a time in a
-- group: each statement behind the lock sees what was given out before.
CREATE FUNCTION {s}.aw_broker_claim(p_group text, p_owner uuid, p_most integer, p_hold bigint)
RETURNS TABLE (o_id bigint, o_times integer, o_name text, o_key text, o_head text, o_body bytea)
LANGUAGE plpgsql AS $claim$
DECLARE
    v_now timestamptz;
    v_until timestamptz;
    v_blocked text[];
    v_is_due boolean;
    v_again bigint[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('{prefix}/' || p_group, 0));
    v_now := clock_timestamp();
    v_until := v_now + p_hold * interval '1 microsecond';
    SELECT array_agg(DISTINCT d.key) FILTER (WHERE d.key IS NOT NULL AND d.owner IS DISTINCT FROM p_owner),
           bool_or(d.until <= v_now AND d.owner IS DISTINCT FROM p_owner)
    INTO v_blocked, v_is_due
    FROM {s}.aw_broker_delivery d WHERE d.grp = p_group;

    -- What was given back, or held for too long. Of a key only if nobody else holds
    -- any, and none before it waits for its time.
    IF v_is_due THEN
        WITH taken AS (
            UPDATE {s}.aw_broker_delivery d
            SET owner = p_owner, until = v_until, times = d.times + 1
            FROM (
                SELECT o.id FROM {s}.aw_broker_delivery o
                WHERE o.grp = p_group AND o.until <= v_now AND o.owner IS DISTINCT FROM p_owner
                AND (o.key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM {s}.aw_broker_delivery b
                    WHERE b.grp = p_group AND b.key = o.key AND b.until > v_now
                    AND b.owner IS DISTINCT FROM p_owner AND (b.owner IS NOT NULL OR b.id < o.id)
                ))
                ORDER BY o.id LIMIT p_most FOR UPDATE SKIP LOCKED
            ) due
            WHERE d.id = due.id
            RETURNING d.id
        )
        SELECT coalesce(array_agg(taken.id), '{}') INTO v_again FROM taken;
        RETURN QUERY
        SELECT d.id, d.times, m.name, m.key, m.head, m.body
        FROM {s}.aw_broker_delivery d JOIN {s}.aw_broker_message m ON m.grp = p_group AND m.id = d.id
        WHERE d.id = ANY (v_again) ORDER BY d.id;
    END IF;

    -- What nobody has had yet; of a key only if nobody else has any of it.
    IF cardinality(v_again) < p_most THEN
        RETURN QUERY
        WITH new AS MATERIALIZED (
            SELECT m.id, m.name, m.key, m.head, m.body FROM {s}.aw_broker_message m
            WHERE m.grp = p_group
            AND (m.key IS NULL OR v_blocked IS NULL OR m.key <> ALL (v_blocked))
            AND NOT EXISTS (SELECT 1 FROM {s}.aw_broker_delivery d WHERE d.id = m.id)
            ORDER BY m.id LIMIT p_most - cardinality(v_again)
        ), given AS (
            INSERT INTO {s}.aw_broker_delivery (id, grp, key, owner, until, times)
            SELECT new.id, p_group, new.key, p_owner, v_until, 1 FROM new
        )
        SELECT new.id, 1, new.name, new.key, new.head, new.body FROM new;
    END IF;
END
$claim$;

-- For producers that know nothing of anywise.
CREATE FUNCTION {s}.aw_broker_publish(event text, body bytea, key text DEFAULT NULL, head jsonb DEFAULT '{}')
RETURNS void
LANGUAGE sql AS $publish$
    WITH gate AS (DELETE FROM {s}.aw_broker_route WHERE false)
    INSERT INTO {s}.aw_broker_message (grp, name, key, head, body)
    SELECT r.grp, $1, $3, $4::text, $2 FROM {s}.aw_broker_route r WHERE r.event = $1
$publish$;
