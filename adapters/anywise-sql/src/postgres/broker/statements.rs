//! Every statement of the broker, in the order of a message's life.
//!
//! What gives messages out is a function of the database (`schema.sql`): it has to
//! look again after it has waited for its turn.

use crate::postgres::statements::Sql;

/// The statements, with the schema filled in.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) asked: Sql,
    pub(super) gate: Sql,
    pub(super) route: Sql,
    pub(super) forget: Sql,
    pub(super) tidy: Sql,
    pub(super) publish: Sql,
    pub(super) claim: Sql,
    pub(super) done: Sql,
    pub(super) again: Sql,
    pub(super) bury: Sql,
    pub(super) extend: Sql,
    pub(super) lag: Sql,
    pub(super) give_back: Sql,
}

impl Statements {
    pub(super) fn new(prefix: &str) -> Self {
        let sql = |text| Sql::new(prefix, text);
        Self {
            asked: sql(ASKED),
            gate: sql(GATE),
            route: sql(ROUTE),
            forget: sql(FORGET),
            tidy: sql(TIDY),
            publish: sql(PUBLISH),
            claim: sql(CLAIM),
            done: sql(DONE),
            again: sql(AGAIN),
            bury: sql(BURY),
            extend: sql(EXTEND),
            lag: sql(LAG),
            give_back: sql(GIVE_BACK),
        }
    }
}

/// A text with the prefix filled in, which is a schema's name.
pub(super) fn fill(text: &str, prefix: &str) -> String {
    text.replace("{s}", &format!("\"{prefix}\"")).replace("{prefix}", prefix)
}

/// How many of the events `$2` the group `$1` gets already; it asks for them now.
const ASKED: &str = "
UPDATE {s}.aw_broker_route SET asked = statement_timestamp() WHERE grp = $1 AND event = ANY ($2::text[])";

/// Who publishes holds a weaker lock until it has committed, and waits here if it
/// has not begun: it sees the routes that are made behind this.
const GATE: &str = "LOCK TABLE {s}.aw_broker_route IN SHARE ROW EXCLUSIVE MODE";

const ROUTE: &str = "
INSERT INTO {s}.aw_broker_route (grp, event) SELECT $1, event FROM unnest($2::text[]) AS e(event)
ON CONFLICT DO NOTHING";

/// Routes of the group `$1` to other events than `$2` that nobody has asked for
/// within `$3` microseconds.
const FORGET: &str = "
DELETE FROM {s}.aw_broker_route WHERE grp = $1 AND event <> ALL ($2::text[])
AND asked < statement_timestamp() - $3 * interval '1 microsecond'";

/// Deliveries of messages that somebody deleted by hand.
const TIDY: &str = "
DELETE FROM {s}.aw_broker_delivery d WHERE d.grp = $1
AND NOT EXISTS (SELECT 1 FROM {s}.aw_broker_message m WHERE m.grp = $1 AND m.id = d.id)";

/// A row for each group that listens. `gate` deletes nothing: its lock is what
/// [`GATE`] waits for.
const PUBLISH: &str = "
WITH gate AS (DELETE FROM {s}.aw_broker_route WHERE false)
INSERT INTO {s}.aw_broker_message (grp, name, key, head, body)
SELECT r.grp, e.name, e.key, e.head, e.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS e(name, key, head, body, place)
JOIN {s}.aw_broker_route r ON r.event = e.name
ORDER BY e.place";

const CLAIM: &str = "
SELECT o_id, o_times, o_name, o_key, o_head, o_body FROM {s}.aw_broker_claim($1, $2, $3, $4)";

const DONE: &str = "
WITH ended AS (
    DELETE FROM {s}.aw_broker_delivery d USING unnest($2::bigint[], $3::int[]) AS s(id, times)
    WHERE d.id = s.id AND d.owner = $1 AND d.times = s.times
    RETURNING d.grp, d.id
)
DELETE FROM {s}.aw_broker_message m USING ended WHERE m.grp = ended.grp AND m.id = ended.id";

/// To be given out again after `$4` microseconds.
const AGAIN: &str = "
UPDATE {s}.aw_broker_delivery d SET owner = NULL, until = clock_timestamp() + s.after * interval '1 microsecond'
FROM unnest($2::bigint[], $3::int[], $4::bigint[]) AS s(id, times, after)
WHERE d.id = s.id AND d.owner = $1 AND d.times = s.times";

const BURY: &str = "
WITH ended AS (
    DELETE FROM {s}.aw_broker_delivery d USING unnest($2::bigint[], $3::int[], $4::text[]) AS s(id, times, reason)
    WHERE d.id = s.id AND d.owner = $1 AND d.times = s.times
    RETURNING d.grp, d.id, s.reason
), gone AS (
    DELETE FROM {s}.aw_broker_message m USING ended WHERE m.grp = ended.grp AND m.id = ended.id
    RETURNING m.*, ended.reason
)
INSERT INTO {s}.aw_broker_dead (grp, name, key, head, body, published, reason)
SELECT grp, name, key, head, body, at, reason FROM gone ORDER BY id";

const EXTEND: &str = "
UPDATE {s}.aw_broker_delivery d SET until = clock_timestamp() + $4 * interval '1 microsecond'
FROM unnest($2::bigint[], $3::int[]) AS s(id, times)
WHERE d.id = s.id AND d.owner = $1 AND d.times = s.times";

/// What the group `$1` has and nobody holds; counted up to `$2`.
const LAG: &str = "
SELECT (SELECT count(*) FROM (SELECT 1 FROM {s}.aw_broker_message WHERE grp = $1 LIMIT $2) AS waiting)
     - (SELECT count(*) FROM {s}.aw_broker_delivery
        WHERE grp = $1 AND owner IS NOT NULL AND until > clock_timestamp())";

const GIVE_BACK: &str = "
UPDATE {s}.aw_broker_delivery SET owner = NULL, until = clock_timestamp() WHERE grp = $1 AND owner = $2";
