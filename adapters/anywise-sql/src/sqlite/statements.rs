//! The writer's statements, and statements for many rows at a time.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, SqlSafeStr, SqlStr, Sqlite, Type};

/// Ready to be claimed.
pub(super) const READY: i64 = 0;
/// Not due yet; made ready when it is.
pub(super) const LATER: i64 = 3;

/// Rows of one statement: few sizes, so that few statements are prepared.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// A statement with a list of rows in its middle.
pub(super) struct Rows {
    before: &'static str,
    row: &'static str,
    after: &'static str,
    texts: [OnceLock<Arc<str>>; 4],
}

impl Rows {
    const fn new(before: &'static str, row: &'static str, after: &'static str) -> Self {
        Self { before, row, after, texts: [const { OnceLock::new() }; 4] }
    }

    /// Splits `rows` into as few statements as there are sizes for.
    pub(super) fn split<T>(&'static self, mut rows: Vec<T>) -> Vec<(SqlStr, Vec<T>)> {
        let mut parts = Vec::new();
        while !rows.is_empty() {
            let place = SIZES.iter().position(|size| *size <= rows.len()).unwrap_or(SIZES.len() - 1);
            let rest = rows.split_off(SIZES[place]);
            parts.push((self.text(place), std::mem::replace(&mut rows, rest)));
        }
        parts
    }

    fn text(&'static self, place: usize) -> SqlStr {
        let text = self.texts[place].get_or_init(|| {
            let mut text = self.before.to_owned();
            for n in 0..SIZES[place] {
                let comma = if n == 0 { "" } else { ", " };
                write!(text, "{comma}{}", self.row).expect("a string takes everything");
            }
            text.push_str(self.after);
            text.into()
        });
        AssertSqlSafe(Arc::clone(text)).into_sql_str()
    }
}

/// Adds a value to the arguments of a statement.
pub(super) fn bind<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(
    arguments: &mut SqliteArguments,
    value: T,
) -> sqlx::Result<()> {
    arguments.add(value).map_err(sqlx::Error::Encode)
}

pub(super) static INSERT: Rows = Rows::new(
    "INSERT INTO aw_delivery (id, state, due, crc, created, msg_id, target, key, name, head, body) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    " ON CONFLICT (msg_id, target) DO NOTHING",
);

/// Messages of brokers, unless they are known.
pub(super) static NOTE: Rows = Rows::new(
    "INSERT INTO aw_inbox (at, msg_id, fingerprint, audience) VALUES ",
    "(?, ?, ?, ?)",
    " ON CONFLICT (msg_id, audience) DO NOTHING",
);

pub(super) const LAST_ARRIVAL: &str = "SELECT coalesce(max(id), 0) FROM aw_inbox";

/// What was noted up to a number.
pub(super) const NOTED: &str =
    "SELECT fingerprint FROM aw_inbox WHERE msg_id = ? AND audience = ? AND id <= ?";

/// Claims that are done, by number and epoch.
pub(super) static FINISH: Rows = Rows::new(
    "DELETE FROM aw_delivery WHERE id IN (SELECT d.id FROM (VALUES ",
    "(?, ?)",
    ") v CROSS JOIN aw_delivery d ON d.id = v.column1 AND d.epoch = v.column2 AND d.state = 1) \
     RETURNING id, epoch, target, key",
);

pub(super) static REMEMBER: Rows = Rows::new(
    "INSERT INTO aw_memory (memory, fingerprint, content_type, at, reply) VALUES ",
    "(?, ?, ?, ?, ?)",
    " ON CONFLICT (memory) DO NOTHING RETURNING memory",
);

/// The first of each target and key that waits behind nothing any more, no dead
/// letter either. The first argument is the time.
pub(super) static UNBLOCK: Rows = Rows::new(
    "UPDATE aw_delivery SET state = CASE WHEN due > ? THEN 3 ELSE 0 END WHERE id IN (SELECT \
     (SELECT e.id FROM aw_delivery e WHERE e.target = v.column1 AND e.key = v.column2 ORDER BY e.id LIMIT 1) \
     FROM (VALUES ",
    "(?, ?)",
    ") v WHERE NOT EXISTS (SELECT 1 FROM aw_dead x \
     WHERE x.target = v.column1 AND x.key = v.column2 AND x.state = 0)) \
     AND state = 2 RETURNING target, state, due",
);

/// Claims that are given back as if they had never been made.
pub(super) static RELEASE: Rows = Rows::new(
    "UPDATE aw_delivery SET state = 0, attempts = max(attempts - 1, 0) WHERE id IN (SELECT d.id FROM (VALUES ",
    "(?, ?)",
    ") v CROSS JOIN aw_delivery d ON d.id = v.column1 AND d.epoch = v.column2 AND d.state = 1) \
     RETURNING target, id",
);

/// New deliveries, from a number on, that stand behind others of their key.
pub(super) const BLOCK: &str = "UPDATE aw_delivery SET state = 2 \
     WHERE id >= ? AND key IS NOT NULL AND state IN (0, 3) AND (\
     EXISTS (SELECT 1 FROM aw_delivery e WHERE e.target = aw_delivery.target AND e.key = aw_delivery.key \
     AND e.id < aw_delivery.id) \
     OR EXISTS (SELECT 1 FROM aw_dead d WHERE d.target = aw_delivery.target AND d.key = aw_delivery.key \
     AND d.state = 0))";

pub(super) const RESERVE: &str = "INSERT INTO aw_meta (k, v) VALUES ('last_id', ?) \
     ON CONFLICT (k) DO UPDATE SET v = excluded.v";

pub(super) const HOLDS: &str = "SELECT 1 FROM aw_delivery WHERE id = ? AND epoch = ? AND state = 1";

pub(super) const FORGET: &str = "DELETE FROM aw_memory WHERE memory = ?";

pub(super) const CANCEL: &str = "DELETE FROM aw_delivery \
     WHERE msg_id = ? AND state IN (2, 3) AND due > ? AND attempts = 0 RETURNING target, key";

pub(super) const CLAIM: &str = "UPDATE aw_delivery SET state = 1, epoch = epoch + 1, attempts = attempts + 1 \
     WHERE id IN (SELECT id FROM aw_delivery WHERE state = 0 AND losses < 3 AND target = ? ORDER BY id LIMIT ?) \
     RETURNING id, epoch, attempts, losses, due, created, crc, failures, head, body, target";

/// The losses of the oldest suspect of the targets in a JSON list, if none is at
/// work.
pub(super) const SUSPECT: &str = "SELECT losses FROM aw_delivery WHERE state = 0 AND losses >= 3 \
     AND target IN (SELECT value FROM json_each(?)) \
     AND NOT EXISTS (SELECT 1 FROM aw_delivery WHERE state = 1 AND losses >= 3) ORDER BY id LIMIT 1";

/// The oldest suspects of the targets in a JSON list, with at most so many
/// losses, and at most so many of them.
pub(super) const CLAIM_SUSPECTS: &str = "UPDATE aw_delivery SET state = 1, epoch = epoch + 1, attempts = attempts + 1 \
     WHERE id IN (SELECT id FROM aw_delivery WHERE state = 0 AND losses >= 3 AND losses <= ? \
     AND target IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?) \
     RETURNING id, epoch, attempts, losses, due, created, crc, failures, head, body, target";

/// What has become due, a thousand at a time.
pub(super) const PROMOTE: &str = "UPDATE aw_delivery SET state = 0 WHERE id IN \
     (SELECT id FROM aw_delivery WHERE state = 3 AND due <= ? ORDER BY due LIMIT 1000) RETURNING target";

pub(super) const NEXT: &str = "SELECT min(due) FROM aw_delivery WHERE state = 3";

pub(super) const STOP: &str = "UPDATE aw_delivery SET state = 0, attempts = max(attempts - 1, 0) \
     WHERE id = ? AND epoch = ? AND state = 1 RETURNING target, id";

pub(super) const RELEASE_ALL: &str =
    "UPDATE aw_delivery SET state = 0, attempts = max(attempts - 1, 0) WHERE state = 1";

/// The failures with one more, if there is one; of twenty the oldest makes room.
macro_rules! failures {
    () => {
        "CASE WHEN ?1 IS NULL THEN failures ELSE json_insert(\
         CASE WHEN failures IS NULL OR NOT json_valid(failures) THEN '[]' \
         WHEN json_array_length(failures) >= 20 THEN json_remove(failures, '$[0]') \
         ELSE failures END, '$[#]', json(?1)) END"
    };
}

/// What a process that is gone was at work on: a JSON list of numbers and epochs.
pub(super) const LOST: &str = "UPDATE aw_delivery SET state = 0, losses = losses + 1 WHERE state = 1 \
     AND id IN (SELECT d.id FROM json_each(?) b CROSS JOIN aw_delivery d \
     ON d.id = json_extract(b.value, '$[0]') AND d.epoch = json_extract(b.value, '$[1]'))";

pub(super) const SUSPECTS: &str = "SELECT EXISTS (SELECT 1 FROM aw_delivery WHERE losses >= 3)";

pub(super) const RETRY: &str = concat!(
    "UPDATE aw_delivery SET failures = ",
    failures!(),
    ", state = ?2, due = ?3 WHERE id = ?4 AND epoch = ?5 AND state = 1 RETURNING target, id"
);

pub(super) const BURY: &str = concat!(
    "INSERT INTO aw_dead (origin, parked, reason, at, epoch, attempts, losses, replays, crc, msg_id, target, \
     key, name, failures, head, body) SELECT id, ?2, ?3, ?4, epoch, attempts, losses, replays, crc, msg_id, \
     target, key, name, ",
    failures!(),
    ", head, body FROM aw_delivery WHERE id = ?5 AND epoch = ?6 AND state = 1"
);

/// Whether a message and target are known, as a delivery or a dead letter.
pub(super) const IS_KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM aw_delivery WHERE msg_id = ?1 AND target = ?2) \
     OR EXISTS (SELECT 1 FROM aw_dead WHERE msg_id = ?1 AND target = ?2)";

/// A dead letter that never was a delivery. Without a key: it keeps no others back.
pub(super) const INTER: &str = "INSERT INTO aw_dead (origin, parked, reason, at, epoch, attempts, losses, replays, \
     crc, msg_id, target, name, failures, head, body) VALUES (?, 0, ?, ?, 0, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const REMOVE: &str = "DELETE FROM aw_delivery WHERE id = ?";

pub(super) const REPLAY: &str = "UPDATE aw_dead SET state = 1, settled = ?, replays = replays + 1 \
     WHERE id = ? AND state = 0 RETURNING origin, target, key, head, body, crc";

/// The first two arguments are body and checksum, the third the time.
pub(super) const REVIVE: &str = "INSERT INTO aw_delivery (id, state, due, epoch, replays, crc, created, msg_id, \
     target, key, name, head, body) SELECT origin, 0, ?3, epoch, replays, ?2, ?3, msg_id, target, key, name, head, \
     ?1 FROM aw_dead WHERE id = ?4 ON CONFLICT (msg_id, target) DO NOTHING";

pub(super) const DISCARD: &str =
    "UPDATE aw_dead SET state = 2, settled = ? WHERE id = ? AND state = 0 RETURNING target, key";

pub(super) const FIRE: &str = "INSERT INTO aw_schedule (name, last_due) VALUES (?, ?) \
     ON CONFLICT (name) DO UPDATE SET last_due = excluded.last_due WHERE last_due < excluded.last_due \
     RETURNING last_due";

pub(super) const SWEEP_REPLIES: &str = "DELETE FROM aw_memory WHERE rowid IN \
     (SELECT rowid FROM aw_memory WHERE at < ? ORDER BY at LIMIT ?)";

/// The oldest messages of brokers, which have the lowest numbers. The first
/// argument bounds what is looked at.
pub(super) const SWEEP_INBOX: &str = "DELETE FROM aw_inbox WHERE id IN (SELECT id FROM \
     (SELECT id, at FROM aw_inbox ORDER BY id LIMIT ?) WHERE at < ?)";

pub(super) const SWEEP_LETTERS: &str = "DELETE FROM aw_dead WHERE id IN \
     (SELECT id FROM aw_dead WHERE settled IS NOT NULL AND settled < ? ORDER BY settled LIMIT ?)";

#[cfg(test)]
mod tests {
    use super::*;

    /// Every statement that runs while there may be a backlog.
    fn all() -> Vec<String> {
        let rows = [&INSERT, &NOTE, &FINISH, &REMEMBER, &UNBLOCK, &RELEASE]
            .map(|rows| rows.text(2).as_str().to_owned());
        let single = [
            RESERVE,
            HOLDS,
            BLOCK,
            FORGET,
            CANCEL,
            CLAIM,
            SUSPECT,
            CLAIM_SUSPECTS,
            PROMOTE,
            NEXT,
            STOP,
            RELEASE_ALL,
            RETRY,
            BURY,
            REMOVE,
            REPLAY,
            REVIVE,
            DISCARD,
            FIRE,
            LAST_ARRIVAL,
            NOTED,
            IS_KNOWN,
            INTER,
            SWEEP_REPLIES,
            SWEEP_LETTERS,
            LOST,
            SUSPECTS,
        ];
        rows.into_iter().chain(single.map(str::to_owned)).collect()
    }

    #[tokio::test]
    async fn no_statement_reads_a_whole_table_or_sorts() {
        use sqlx::{ConnectOptions, Row};

        let file = std::env::temp_dir().join(format!("anywise-plans-{}.db", std::process::id()));
        drop(crate::Sqlite::open(&file).await.unwrap());
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut connection = options.connect().await.unwrap();
        for statement in all() {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let plan = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            let bad = |step: &&String| {
                step.contains("SCAN aw_") || step.contains("SCAN d") || step.contains("TEMP B-TREE")
            };
            let bad: Vec<_> = plan.iter().filter(bad).filter(|step| !step.contains("aw_delivery_")).collect();
            assert!(bad.is_empty(), "{statement}\n{plan:#?}");
        }
        for end in ["db", "db-wal", "db-shm", "db.lock"] {
            drop(std::fs::remove_file(file.with_extension(end)));
        }
    }

    #[test]
    fn rows_are_split_into_the_largest_sizes_that_fit() {
        let sizes = |rows: usize| -> Vec<usize> {
            FINISH.split(vec![(); rows]).iter().map(|(_, part)| part.len()).collect()
        };
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(3), [1, 1, 1]);
        assert_eq!(sizes(150), [64, 64, 16, 4, 1, 1]);
        assert_eq!(REMEMBER.split(vec![(); 4])[0].0.as_str().matches('?').count(), 20);
    }
}
