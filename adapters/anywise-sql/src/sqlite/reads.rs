//! What is read of the tables, by connections that only read.

use std::collections::BTreeMap;
use std::time::Duration;

use anywise_core::{
    Claim, DeadLetter, DeadLetterId, DeadLetterState, DeadLetters, Depth, Memory, Remembered, Timestamp,
};
use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use uuid::Uuid;

use crate::row::{count, failures, remains, timestamp};
use crate::sqlite::plain::now;

pub(super) async fn recall(pool: &SqlitePool, memory: &Memory) -> sqlx::Result<Option<Remembered>> {
    let sql = "SELECT fingerprint, content_type, reply FROM aw_memory WHERE memory = ?";
    let row = sqlx::query(sql).bind(memory.as_str()).fetch_optional(pool).await?;
    row.map(|row| {
        let reply = Bytes::from(row.try_get::<Vec<u8>, _>(2)?);
        Ok(Remembered::new(memory.clone(), id(&row, 0)?, row.try_get::<String, _>(1)?, reply))
    })
    .transpose()
}

fn id(row: &SqliteRow, column: usize) -> sqlx::Result<Uuid> {
    Ok(Uuid::from_slice(row.try_get(column)?).unwrap_or_default())
}

pub(super) async fn last_fired(pool: &SqlitePool, name: &str) -> sqlx::Result<Option<Timestamp>> {
    let sql = "SELECT last_due FROM aw_schedule WHERE name = ?";
    let due: Option<i64> = sqlx::query_scalar(sql).bind(name).fetch_optional(pool).await?;
    Ok(due.and_then(|due| Timestamp::from_nanosecond(i128::from(due)).ok()))
}

/// Those of `claims` that are still held.
pub(super) async fn held(pool: &SqlitePool, claims: &[Claim]) -> sqlx::Result<Vec<Claim>> {
    let mut held = Vec::new();
    for claim in claims {
        let sql = "SELECT 1 FROM aw_delivery WHERE id = ? AND epoch = ? AND state = 1";
        if sqlx::query(sql).bind(claim.id).bind(claim.epoch).fetch_optional(pool).await?.is_some() {
            held.push(*claim);
        }
    }
    Ok(held)
}

/// Rows over the number that is kept.
pub(super) async fn surplus(pool: &SqlitePool, sql: &'static str, most: u64) -> sqlx::Result<i64> {
    let rows: i64 = sqlx::query_scalar(sql).fetch_one(pool).await?;
    Ok(rows.saturating_sub(i64::try_from(most).unwrap_or(i64::MAX)).max(0))
}

/// What waits, by target. Each count is of one small index,
/// and all are of one moment: what moves in between is neither missed nor
/// counted twice.
pub(super) async fn depth(pool: &SqlitePool) -> sqlx::Result<Vec<Depth>> {
    let now = now();
    let mut moment = pool.begin().await?;
    let mut depths = BTreeMap::new();
    for sql in [
        "SELECT target, count(*), min(due) FROM aw_delivery INDEXED BY aw_delivery_ready \
         WHERE state = 0 AND losses < 3 GROUP BY target",
        "SELECT target, count(*), min(due) FROM aw_delivery INDEXED BY aw_delivery_suspect \
         WHERE state = 0 AND losses >= 3 GROUP BY target",
    ] {
        for row in sqlx::query(sql).fetch_all(&mut *moment).await? {
            let depth = depth_of(&mut depths, &row)?;
            depth.ready += number(&row, 1)?;
            depth.oldest = depth.oldest.max(millis(now.saturating_sub(row.try_get(2)?)));
        }
    }
    let later = "SELECT target, coalesce(sum(due <= ?1), 0), coalesce(sum(due > ?1 AND attempts = 0), 0), \
                 coalesce(sum(due > ?1 AND attempts > 0), 0), min(due) FROM aw_delivery INDEXED BY aw_delivery_later \
                 WHERE state = 3 GROUP BY target";
    for row in sqlx::query(later).bind(now).fetch_all(&mut *moment).await? {
        let depth = depth_of(&mut depths, &row)?;
        depth.ready += number(&row, 1)?;
        depth.scheduled += number(&row, 2)?;
        depth.retrying += number(&row, 3)?;
        depth.oldest = depth.oldest.max(millis(now.saturating_sub(row.try_get(4)?)));
    }
    let claimed = "SELECT target, count(*) FROM aw_delivery INDEXED BY aw_delivery_claimed WHERE state = 1 GROUP BY target";
    for row in sqlx::query(claimed).fetch_all(&mut *moment).await? {
        depth_of(&mut depths, &row)?.claimed += number(&row, 1)?;
    }
    let blocked = "SELECT target, count(*) FROM aw_delivery INDEXED BY aw_delivery_blocked WHERE state = 2 GROUP BY target";
    for row in sqlx::query(blocked).fetch_all(&mut *moment).await? {
        depth_of(&mut depths, &row)?.blocked += number(&row, 1)?;
    }
    let dead = "SELECT target, count(*) FROM aw_dead INDEXED BY aw_dead_open WHERE state = 0 GROUP BY target";
    for row in sqlx::query(dead).fetch_all(&mut *moment).await? {
        depth_of(&mut depths, &row)?.dead += number(&row, 1)?;
    }
    Ok(depths.into_values().collect())
}

fn depth_of<'d>(depths: &'d mut BTreeMap<String, Depth>, row: &SqliteRow) -> sqlx::Result<&'d mut Depth> {
    let target: String = row.try_get(0)?;
    Ok(depths.entry(target.clone()).or_insert_with(|| Depth::of(target)))
}

fn number(row: &SqliteRow, column: usize) -> sqlx::Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default())
}

fn millis(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// Dead letters, newest first.
pub(super) async fn dead_letters(pool: &SqlitePool, which: &DeadLetters) -> sqlx::Result<Vec<DeadLetter>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT id, state, parked, reason, at, attempts, losses, replays, msg_id, target, key, name, failures, \
         head, body FROM aw_dead WHERE 1",
    );
    if let Some(id) = which.id {
        query.push(" AND id = ").push_bind(id.0);
    }
    if let Some(before) = which.before {
        query.push(" AND id < ").push_bind(before.0);
    }
    if let Some(target) = &which.target {
        query.push(" AND target = ").push_bind(target.clone());
    }
    if let Some(message) = &which.message {
        query.push(" AND name = ").push_bind(message.clone());
    }
    if !which.all {
        query.push(" AND state = 0");
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(which.most.unwrap_or(100));
    query.build().fetch_all(pool).await?.iter().map(letter).collect()
}

fn letter(row: &SqliteRow) -> sqlx::Result<DeadLetter> {
    let (name, key): (String, Option<String>) = (row.try_get(11)?, row.try_get(10)?);
    let head = row.try_get::<&str, _>(13).unwrap_or_default();
    let body = Bytes::from(row.try_get::<Vec<u8>, _>(14)?);
    let envelope = remains(id(row, 8)?, &name, key.as_deref(), head, body);
    let mut letter =
        DeadLetter::new(DeadLetterId(row.try_get(0)?), row.try_get(9)?, envelope, row.try_get(3)?);
    letter.parked = row.try_get(2)?;
    letter.state = match row.try_get(1)? {
        0_i64 => DeadLetterState::Open,
        1 => DeadLetterState::Replayed,
        _ => DeadLetterState::Discarded,
    };
    letter.attempts = count(row.try_get(5)?);
    letter.losses = count(row.try_get(6)?);
    letter.failures = failures(row.try_get(12)?);
    letter.at = timestamp(row.try_get(4)?);
    letter.replays = count(row.try_get(7)?);
    Ok(letter)
}
