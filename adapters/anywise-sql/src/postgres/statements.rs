//! Every statement of the store, in the order of a delivery's life.
//!
//! Times are the database's: `statement_timestamp()`, because a transaction of
//! a function began long before its commit. `{s}` is the schema. What is locked
//! when, and why that is enough, is told in [`round`](super::round).

use crate::failpoint::mutant;
use std::sync::Arc;

use anywise_core::SUSPECT;
use sqlx::AssertSqlSafe;

/// The statements, with the schema filled in.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) lock: Sql,
    pub(super) finish: Sql,
    pub(super) again: Sql,
    pub(super) bury: Sql,
    pub(super) remember: Sql,
    pub(super) append: Sql,
    pub(super) append_keyed: Sql,
    pub(super) append_only: Sql,
    pub(super) end_one: Sql,
    pub(super) end: Sql,
    pub(super) end_and_append: Sql,
    pub(super) cancel: Sql,
    pub(super) inter: Sql,
    pub(super) note: Sql,
    pub(super) noted: Sql,
    pub(super) release: Sql,
    pub(super) claim: Sql,
    pub(super) begin: Sql,
    pub(super) wake: Sql,
    pub(super) reap: Sql,
    pub(super) renew: Sql,
    pub(super) recall: Sql,
    pub(super) fire: Sql,
    pub(super) last_fired: Sql,
    pub(super) depth: Sql,
    pub(super) dead_letters: Sql,
    pub(super) dead_head: Sql,
    pub(super) replay: Sql,
    pub(super) discard: Sql,
    pub(super) sweep_replies: Sql,
    pub(super) sweep_dead: Sql,
    pub(super) sweep_inbox: Sql,
    pub(super) give_back: Sql,
}

/// The text of a statement; cloning it copies nothing.
#[derive(Clone, Debug)]
pub(super) struct Sql(Arc<str>);

impl Sql {
    /// The text with the schema filled in.
    pub(super) fn new(schema: &str, text: &str) -> Self {
        let text = text.replace("{append}", APPEND).replace("{mark}", MARK).replace("{held}", HELD);
        Self(text.replace("{s}", &format!("\"{schema}\"")).replace("{suspect}", &SUSPECT.to_string()).into())
    }

    /// As sqlx takes it: all that was filled in is a validated name.
    pub(super) fn text(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0))
    }
}

impl Statements {
    pub(super) fn new(schema: &str) -> Self {
        let sql = |text| Sql::new(schema, text);
        Self {
            lock: sql(LOCK),
            finish: sql(if mutant("lease_without_epoch") { FINISH_ANY } else { FINISH }),
            again: sql(AGAIN),
            bury: sql(BURY),
            remember: sql(REMEMBER),
            append: sql(APPEND),
            append_keyed: sql(APPEND_KEYED),
            append_only: sql(APPEND_ONLY),
            end_one: sql(END_ONE),
            end: sql(END),
            end_and_append: sql(END_AND_APPEND),
            cancel: sql(CANCEL),
            inter: sql(INTER),
            note: sql(NOTE),
            noted: sql(NOTED),
            release: sql(RELEASE),
            claim: sql(CLAIM),
            begin: sql(BEGIN),
            wake: sql(WAKE),
            reap: sql(REAP),
            renew: sql(RENEW),
            recall: sql(RECALL),
            fire: sql(FIRE),
            last_fired: sql(LAST_FIRED),
            depth: sql(DEPTH),
            dead_letters: sql(DEAD_LETTERS),
            dead_head: sql(DEAD_HEAD),
            replay: sql(REPLAY),
            discard: sql(DISCARD),
            sweep_replies: sql(SWEEP_REPLIES),
            sweep_dead: sql(SWEEP_DEAD),
            sweep_inbox: sql(SWEEP_INBOX),
            give_back: sql(GIVE_BACK),
        }
    }
}

/// What it takes to find out later how the transaction ended, and whether there
/// is one and it will be durable.
const MARK: &str = "
SELECT pg_current_xact_id()::text AS xid,
       coalesce(current_setting('anywise.open', true), '') = 'on' AS open,
       current_setting('synchronous_commit') <> 'off' AS durable";

/// That a row which is found by its number is claimed. The sum keeps the index of
/// what is claimed out of the plan: until it is vacuumed every row is in it that
/// was claimed, and while few are the planner takes it for the shorter way.
const HELD: &str = "state + 0 = 1";

/// Locks the lanes of the keys `$1`,`$2`, of the deliveries `$3`, of the
/// messages `$4` and of the dead letters `$5`, in order, in the lock space `$6`.
const LOCK: &str = "
WITH keyed AS MATERIALIZED (
    SELECT k.target, k.key FROM unnest($1::text[], $2::text[]) AS k(target, key)
    UNION ALL SELECT d.target, d.key FROM {s}.aw_delivery d WHERE d.id = ANY($3::bigint[]) AND d.key IS NOT NULL
    UNION ALL SELECT d.target, d.key FROM {s}.aw_delivery d WHERE d.msg_id = ANY($4::uuid[]) AND d.key IS NOT NULL
    UNION ALL SELECT d.target, d.key FROM {s}.aw_dead d WHERE d.id = ANY($5::bigint[]) AND d.key IS NOT NULL
), lanes AS MATERIALIZED (
    SELECT DISTINCT hashtext(target || ' ' || key) & 1023 AS lane FROM keyed ORDER BY lane
), locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock($6, lane) FROM lanes
)
{mark}, (SELECT count(*) FROM locked) AS locked";

const FINISH: &str = "
DELETE FROM {s}.aw_delivery d USING unnest($1::bigint[], $2::bigint[]) AS f(id, epoch)
WHERE d.id = f.id AND d.epoch = f.epoch AND d.{held}
RETURNING d.id, d.target, d.key";

/// A planted bug: whoever holds the claim.
const FINISH_ANY: &str = "
DELETE FROM {s}.aw_delivery d USING unnest($1::bigint[], $2::bigint[]) AS f(id, epoch)
WHERE d.id = f.id AND d.{held}
RETURNING d.id, d.target, d.key";

/// Ready again after `$3` microseconds, with `$4` attempts given back and the
/// failure `$5`, of which the latest 20 are kept.
const AGAIN: &str = "
UPDATE {s}.aw_delivery d SET
    state = CASE WHEN f.after > 0 THEN 3 ELSE 0 END,
    due = statement_timestamp() + f.after * interval '1 microsecond',
    attempts = d.attempts - f.back,
    owner = NULL,
    lease_until = NULL,
    failures = CASE
        WHEN f.failure IS NULL THEN d.failures
        WHEN jsonb_array_length(d.failures) < 20 THEN d.failures || f.failure::jsonb
        ELSE (d.failures - 0) || f.failure::jsonb END
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::text[]) AS f(id, epoch, after, back, failure)
WHERE d.id = f.id AND d.epoch = f.epoch AND d.{held}
RETURNING d.id";

const BURY: &str = "
WITH gone AS (
    DELETE FROM {s}.aw_delivery d
    USING unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[], $5::text[]) AS f(id, epoch, reason, parked, failure)
    WHERE d.id = f.id AND d.epoch = f.epoch AND d.{held}
    RETURNING d.*, f.reason, f.parked, f.failure
)
INSERT INTO {s}.aw_dead (delivery, epoch, msg_id, target, name, key, head, body, crc, reason, parked,
                         attempts, losses, failures, replays)
SELECT id, epoch, msg_id, target, name, key, head, body, crc, reason, parked, attempts, losses,
       CASE WHEN failure IS NULL THEN failures
            WHEN jsonb_array_length(failures) < 20 THEN failures || failure::jsonb
            ELSE (failures - 0) || failure::jsonb END,
       replays
FROM gone ORDER BY id
RETURNING delivery AS id";

const REMEMBER: &str = "
INSERT INTO {s}.aw_memory (memory, fingerprint, reply, content_type)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::bytea[], $4::text[])
ON CONFLICT (memory) DO NOTHING
RETURNING memory";

const APPEND: &str = "
INSERT INTO {s}.aw_delivery (msg_id, target, name, head, body, crc, state, due)
SELECT n.msg_id, n.target, n.name, n.head, n.body, n.crc,
       CASE WHEN t.due > statement_timestamp() THEN 3 ELSE 0 END,
       greatest(t.due, statement_timestamp())
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::bigint[])
     WITH ORDINALITY AS n(msg_id, target, name, head, body, crc, due, place)
CROSS JOIN LATERAL (SELECT timestamptz 'epoch' + n.due * interval '1 millisecond' AS due) t
ORDER BY n.place
ON CONFLICT (msg_id, target) DO NOTHING";

/// The whole of a round in which nothing has a key, so that no lane is locked: it
/// answers what `LOCK` does, and which claims have ended.
const APPEND_ONLY: &str = "WITH new AS ({append}) {mark}, '{}'::bigint[] AS ended";

/// The same, of a single claim: a plan without a join.
const END_ONE: &str = "
WITH gone AS (
    DELETE FROM {s}.aw_delivery WHERE id = $1 AND epoch = $2 AND {held} AND key IS NULL RETURNING id)
{mark}, ARRAY(SELECT id FROM gone) AS ended";

const END: &str = "
WITH gone AS (
    DELETE FROM {s}.aw_delivery d USING unnest($1::bigint[], $2::bigint[]) AS f(id, epoch)
    WHERE d.id = f.id AND d.epoch = f.epoch AND d.{held} AND d.key IS NULL
    RETURNING d.id)
{mark}, ARRAY(SELECT id FROM gone) AS ended";

const END_AND_APPEND: &str = "
WITH new AS ({append}), gone AS (
    DELETE FROM {s}.aw_delivery d USING unnest($8::bigint[], $9::bigint[]) AS f(id, epoch)
    WHERE d.id = f.id AND d.epoch = f.epoch AND d.{held} AND d.key IS NULL
    RETURNING d.id)
{mark}, ARRAY(SELECT id FROM gone) AS ended";

/// As `APPEND`, with the keys `$8`. A keyed one is behind what is there of its
/// target and key: an earlier delivery, a dead letter, or one of the same batch.
const APPEND_KEYED: &str = "
INSERT INTO {s}.aw_delivery (msg_id, target, name, head, body, crc, key, state, due)
SELECT n.msg_id, n.target, n.name, n.head, n.body, n.crc, n.key,
       CASE WHEN n.key IS NOT NULL AND (n.nth > 1 OR e.found OR x.found) THEN 2
            WHEN t.due > statement_timestamp() THEN 3 ELSE 0 END,
       greatest(t.due, statement_timestamp())
FROM (SELECT u.*, row_number() OVER (PARTITION BY u.target, u.key ORDER BY u.place) AS nth
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::bigint[], $8::text[])
           WITH ORDINALITY AS u(msg_id, target, name, head, body, crc, due, key, place)) n
CROSS JOIN LATERAL (SELECT timestamptz 'epoch' + n.due * interval '1 millisecond' AS due) t
LEFT JOIN LATERAL (SELECT true AS found FROM {s}.aw_delivery d
                   WHERE d.key IS NOT NULL AND d.target = n.target AND d.key = n.key LIMIT 1) e ON true
LEFT JOIN LATERAL (SELECT true AS found FROM {s}.aw_dead d
                   WHERE d.state = 0 AND d.key IS NOT NULL AND d.target = n.target AND d.key = n.key LIMIT 1) x ON true
ORDER BY n.place
ON CONFLICT (msg_id, target) DO NOTHING";

const CANCEL: &str = "
DELETE FROM {s}.aw_delivery
WHERE msg_id = ANY($1::uuid[]) AND state IN (2, 3) AND attempts = 0 AND due > statement_timestamp()
RETURNING id, target, key";

/// Dead letters that never were deliveries, unless they are known. Without a
/// key: they keep no others back.
const INTER: &str = "
INSERT INTO {s}.aw_dead (delivery, epoch, msg_id, target, name, head, body, crc, reason, parked,
                         attempts, losses, failures, replays)
SELECT nextval(pg_get_serial_sequence('{s}.aw_delivery', 'id')), 0, n.msg_id, n.target, n.name, n.head, n.body, n.crc,
       n.reason, false, n.attempts, 0, jsonb_build_array(n.failure::jsonb), 0
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::text[], $8::int[], $9::text[])
     WITH ORDINALITY AS n(msg_id, target, name, head, body, crc, reason, attempts, failure, place)
WHERE NOT EXISTS (SELECT 1 FROM {s}.aw_delivery d WHERE d.msg_id = n.msg_id AND d.target = n.target)
  AND NOT EXISTS (SELECT 1 FROM {s}.aw_dead x WHERE x.msg_id = n.msg_id AND x.target = n.target)
ORDER BY n.place";

/// Messages of brokers, unless they are known: in one order everywhere, so that
/// no two wait for each other.
const NOTE: &str = "
INSERT INTO {s}.aw_inbox (msg_id, fingerprint, audience)
SELECT n.msg_id, n.fingerprint, n.audience
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n(msg_id, fingerprint, audience)
ORDER BY n.msg_id, n.audience
ON CONFLICT (msg_id, audience) DO NOTHING
RETURNING msg_id, audience";

const NOTED: &str = "
SELECT i.msg_id, i.audience, i.fingerprint FROM unnest($1::uuid[], $2::text[]) AS n(msg_id, audience)
JOIN {s}.aw_inbox i ON i.msg_id = n.msg_id AND i.audience = n.audience";

/// Lets the first of each key go, if nothing holds it back.
const RELEASE: &str = "
UPDATE {s}.aw_delivery d SET state = CASE WHEN d.due > statement_timestamp() THEN 3 ELSE 0 END
FROM unnest($1::text[], $2::text[]) AS k(target, key)
CROSS JOIN LATERAL (SELECT h.id, h.state FROM {s}.aw_delivery h
                    WHERE h.key IS NOT NULL AND h.target = k.target AND h.key = k.key
                    ORDER BY h.id LIMIT 1) head
WHERE d.id = head.id AND head.state = 2 AND NOT EXISTS (
    SELECT 1 FROM {s}.aw_dead x
    WHERE x.state = 0 AND x.key IS NOT NULL AND x.target = k.target AND x.key = k.key)";

/// Claims at most `$2` of each target `$1` for the owner `$3`, for `$4`
/// microseconds, from the numbers `$6` on; with `$5` also suspects: the oldest,
/// with as much company as its losses allow. There is a row without an id if
/// nothing was claimed: `next` is always told.
///
/// The epoch is a time, so that a claim which the server has lost in a crash has
/// another than the next one.
const CLAIM: &str = "
WITH wants AS MATERIALIZED (
    SELECT w.target, w.most, w.low FROM unnest($1::text[], $2::bigint[], $6::bigint[]) AS w(target, most, low)
    WHERE w.most > 0
), suspects AS MATERIALIZED (
    SELECT s.id, s.losses, w.target FROM wants w CROSS JOIN LATERAL (
        SELECT d.id, d.losses FROM {s}.aw_delivery d
        WHERE $5 AND d.state = 0 AND d.losses >= {suspect} AND d.target = w.target
        ORDER BY d.id LIMIT 16 FOR UPDATE SKIP LOCKED) s
), oldest AS MATERIALIZED (
    SELECT losses, greatest(16 >> (losses - {suspect}), 1) AS company FROM suspects ORDER BY id LIMIT 1
), suspect AS MATERIALIZED (
    SELECT id, target FROM suspects WHERE losses <= (SELECT losses FROM oldest)
    ORDER BY id LIMIT (SELECT company FROM oldest)
), ready AS MATERIALIZED (
    SELECT r.id FROM wants w CROSS JOIN LATERAL (
        SELECT d.id FROM {s}.aw_delivery d
        WHERE d.state = 0 AND d.losses < {suspect} AND d.target = w.target AND d.id >= w.low
        ORDER BY d.id
        LIMIT greatest(w.most - (SELECT count(*) FROM suspect s WHERE s.target = w.target), 0)
        FOR UPDATE SKIP LOCKED) r
), claimed AS (
    UPDATE {s}.aw_delivery d
    SET state = 1, attempts = d.attempts + 1, owner = $3,
        lease_until = statement_timestamp() + $4 * interval '1 microsecond',
        epoch = greatest(d.epoch + 1, (extract(epoch FROM statement_timestamp()) * 1000000)::bigint)
    FROM (SELECT id FROM ready UNION ALL SELECT id FROM suspect) c
    WHERE d.id = c.id
    RETURNING d.id, d.epoch, d.attempts, d.losses, d.failures::text AS failures, d.target, d.head, d.body, d.crc
), next AS (
    SELECT min(n.due) AS due FROM wants w CROSS JOIN LATERAL (
        SELECT d.due FROM {s}.aw_delivery d WHERE d.state = 3 AND d.target = w.target ORDER BY d.due LIMIT 1) n
)
SELECT (extract(epoch FROM next.due - statement_timestamp()) * 1000000)::bigint AS next, c.*
FROM next LEFT JOIN claimed c ON true
ORDER BY c.id";

/// Notes that the functions of these are called, if the owner `$3` still holds
/// them. The epoch says in which claim: a later one has not begun.
const BEGIN: &str = "
UPDATE {s}.aw_delivery d SET begun = d.epoch FROM unnest($1::bigint[], $2::bigint[]) AS f(id, epoch)
WHERE d.id = f.id AND d.epoch = f.epoch AND d.{held} AND d.owner = $3
RETURNING d.id";

/// Makes ready what is due by now.
const WAKE: &str = "
UPDATE {s}.aw_delivery d SET state = 0
FROM (SELECT l.id FROM unnest($1::text[]) AS w(target) CROSS JOIN LATERAL (
          SELECT i.id FROM {s}.aw_delivery i
          WHERE i.state = 3 AND i.target = w.target AND i.due <= statement_timestamp()
          ORDER BY i.due LIMIT 256 FOR UPDATE SKIP LOCKED) l) due
WHERE d.id = due.id";

/// Takes back what was claimed and not renewed: what had begun with a loss, the
/// rest as if it had never been claimed. A row that its holder is just settling
/// is locked, and left to it.
const REAP: &str = "
WITH lost AS MATERIALIZED (
    SELECT id FROM {s}.aw_delivery WHERE state = 1 AND lease_until < statement_timestamp()
    ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED
)
UPDATE {s}.aw_delivery d SET state = 0, owner = NULL, lease_until = NULL,
    losses = d.losses + (d.begun = d.epoch)::int, attempts = d.attempts - (d.begun <> d.epoch)::int
FROM lost WHERE d.id = lost.id
RETURNING d.id";

/// Extends what nobody is just settling, and answers with what is held: what
/// was extended, and what is locked and has not run out.
const RENEW: &str = "
WITH held AS MATERIALIZED (
    SELECT d.id, d.epoch, d.lease_until FROM unnest($1::bigint[], $2::bigint[]) AS c(id, epoch)
    JOIN {s}.aw_delivery d ON d.id = c.id AND d.epoch = c.epoch
    WHERE d.{held} AND d.owner = $3
), free AS MATERIALIZED (
    SELECT d.id FROM {s}.aw_delivery d JOIN held h ON h.id = d.id
    WHERE d.{held} AND d.epoch = h.epoch FOR UPDATE OF d SKIP LOCKED
), extended AS (
    UPDATE {s}.aw_delivery d SET lease_until = statement_timestamp() + $4 * interval '1 microsecond'
    FROM free WHERE d.id = free.id RETURNING d.id
)
SELECT h.id, h.epoch FROM held h LEFT JOIN extended e ON e.id = h.id
WHERE e.id IS NOT NULL OR h.lease_until > statement_timestamp()";

const RECALL: &str = "SELECT fingerprint, reply, content_type FROM {s}.aw_memory WHERE memory = $1";

const FIRE: &str = "
INSERT INTO {s}.aw_schedule AS s (name, last_due) VALUES ($1, timestamptz 'epoch' + $2 * interval '1 microsecond')
ON CONFLICT (name) DO UPDATE SET last_due = excluded.last_due WHERE s.last_due < excluded.last_due";

const LAST_FIRED: &str =
    "SELECT (extract(epoch FROM last_due) * 1000000)::bigint FROM {s}.aw_schedule WHERE name = $1";

const DEPTH: &str = "
SELECT target, sum(ready)::bigint AS ready, sum(scheduled)::bigint AS scheduled, sum(retrying)::bigint AS retrying,
       sum(claimed)::bigint AS claimed, sum(blocked)::bigint AS blocked, sum(dead)::bigint AS dead,
       (extract(epoch FROM greatest(statement_timestamp() - min(due), interval '0')) * 1000000)::bigint AS oldest
FROM (
    SELECT target,
           count(*) FILTER (WHERE state = 0 OR (state = 3 AND due <= statement_timestamp())) AS ready,
           count(*) FILTER (WHERE state = 3 AND due > statement_timestamp() AND attempts = 0) AS scheduled,
           count(*) FILTER (WHERE state = 3 AND due > statement_timestamp() AND attempts > 0) AS retrying,
           count(*) FILTER (WHERE state = 1) AS claimed,
           count(*) FILTER (WHERE state = 2) AS blocked,
           0 AS dead,
           min(due) FILTER (WHERE state = 0 OR (state = 3 AND due <= statement_timestamp())) AS due
    FROM {s}.aw_delivery GROUP BY target
    UNION ALL
    SELECT target, 0, 0, 0, 0, 0, count(*), NULL FROM {s}.aw_dead WHERE state = 0 GROUP BY target
) d
GROUP BY target ORDER BY target";

const DEAD_LETTERS: &str = "
SELECT id, msg_id, target, name, key, head, body, reason, parked, state, attempts, losses, failures::text AS failures,
       replays, (extract(epoch FROM at) * 1000)::bigint AS at
FROM {s}.aw_dead
WHERE ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR target = $2) AND ($3::text IS NULL OR name = $3)
  AND ($4 OR state = 0) AND ($6::bigint IS NULL OR id < $6)
ORDER BY id DESC LIMIT $5";

const DEAD_HEAD: &str = "SELECT head FROM {s}.aw_dead WHERE id = $1 AND state = 0 FOR UPDATE";

/// Back under its old number, with an epoch that goes on. If the message has
/// come again in the meantime, that one is delivered.
const REPLAY: &str = "
WITH letter AS (
    UPDATE {s}.aw_dead SET state = 1, replays = replays + 1, settled = statement_timestamp()
    WHERE id = $1 AND state = 0 RETURNING *
), back AS (
    INSERT INTO {s}.aw_delivery (id, msg_id, target, name, key, head, body, crc, state, due, epoch, replays)
    SELECT delivery, msg_id, target, name, key, head, coalesce($2, body), coalesce($3, crc),
           CASE WHEN key IS NULL THEN 0 ELSE 2 END, statement_timestamp(), epoch, replays
    FROM letter
    ON CONFLICT DO NOTHING
)
SELECT target, key FROM letter";

const DISCARD: &str = "
UPDATE {s}.aw_dead SET state = 2, settled = statement_timestamp() WHERE id = $1 AND state = 0
RETURNING target, key";

/// At most `$3` replies that are older than `$1` microseconds, or of which
/// there are more than `$2`.
const SWEEP_REPLIES: &str = "
DELETE FROM {s}.aw_memory WHERE memory IN (
    (SELECT memory FROM {s}.aw_memory WHERE at < statement_timestamp() - $1 * interval '1 microsecond'
     ORDER BY at LIMIT $3)
    UNION ALL
    (SELECT memory FROM (SELECT memory, at FROM {s}.aw_memory ORDER BY at DESC OFFSET $2) surplus
     ORDER BY at LIMIT $3)
    LIMIT $3)";

const SWEEP_DEAD: &str = "
DELETE FROM {s}.aw_dead WHERE id IN (
    (SELECT id FROM {s}.aw_dead WHERE state <> 0 AND settled < statement_timestamp() - $1 * interval '1 microsecond'
     ORDER BY settled LIMIT $3)
    UNION ALL
    (SELECT id FROM (SELECT id, settled FROM {s}.aw_dead WHERE state <> 0 ORDER BY settled DESC OFFSET $2) surplus
     ORDER BY settled LIMIT $3)
    LIMIT $3)";

/// At most `$3` messages of brokers: of the oldest, which have the lowest
/// numbers, those older than `$1` microseconds; and those of which there are more
/// than `$2`. They are counted only if their numbers allow for so many.
const SWEEP_INBOX: &str = "
DELETE FROM {s}.aw_inbox WHERE id IN (
    (SELECT id FROM (SELECT id, at FROM {s}.aw_inbox ORDER BY id LIMIT $3) oldest
     WHERE at < statement_timestamp() - $1 * interval '1 microsecond')
    UNION
    (SELECT id FROM {s}.aw_inbox WHERE id <= (
        SELECT id FROM {s}.aw_inbox
        WHERE (SELECT max(id) - min(id) >= $2 FROM {s}.aw_inbox) ORDER BY id DESC OFFSET $2 LIMIT 1)
     ORDER BY id LIMIT $3)
    LIMIT $3)";

const GIVE_BACK: &str = "
UPDATE {s}.aw_delivery SET state = 0, attempts = attempts - 1, owner = NULL, lease_until = NULL
WHERE state = 1 AND owner = $1";
