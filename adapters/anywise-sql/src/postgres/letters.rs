//! Dead letters: looking at them, and deciding about them.

use std::sync::Arc;

use anywise_core::{DeadLetter, DeadLetterId, DeadLetterState, DeadLetters, Result};
use bytes::Bytes;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::error::from_sqlx;
use crate::failpoint::point;
use crate::postgres::Shared;
use crate::postgres::claiming::number;
use crate::postgres::job::News;
use crate::postgres::lanes::{Concerned, lock};
use crate::postgres::round::{keys, release};
use crate::postgres::transaction::Transaction;
use crate::row::{checksum, failures, remains, timestamp};

/// Given when no number is asked for.
const PAGE: u32 = 100;

/// Those that are asked for, newest first.
pub(super) async fn find(shared: &Shared, which: &DeadLetters) -> sqlx::Result<Vec<DeadLetter>> {
    let query = sqlx::query(shared.sql.dead_letters.text())
        .bind(which.id.map(|id| id.0))
        .bind(which.target.as_deref())
        .bind(which.message.as_deref())
        .bind(which.all)
        .bind(i64::from(which.most.unwrap_or(PAGE)))
        .bind(which.before.map(|id| id.0));
    query.fetch_all(&shared.readers).await?.iter().map(read).collect()
}

/// Makes an open one a delivery again.
pub(super) async fn replay(shared: &Arc<Shared>, id: DeadLetterId, body: Option<Bytes>) -> Result<bool> {
    let mut transaction = begin(shared, id).await?;
    let head = sqlx::query(shared.sql.dead_head.text()).bind(id.0);
    let Some(row) = head.fetch_optional(transaction.raw()).await.map_err(from_sqlx)? else {
        transaction.rollback().await;
        return Ok(false);
    };
    let head: String = row.try_get(0).map_err(from_sqlx)?;
    // The checksum of a body that nobody replaced stays: damage stays damage.
    let sum = body.as_ref().map(|body| checksum(&head, body));
    let query = sqlx::query(shared.sql.replay.text()).bind(id.0).bind(body.as_deref()).bind(sum);
    let rows = query.fetch_all(transaction.raw()).await.map_err(from_sqlx)?;
    point("dead.replay_mid").await?;
    end(shared, transaction, &rows).await
}

/// Gives an open one up.
pub(super) async fn discard(shared: &Arc<Shared>, id: DeadLetterId) -> Result<bool> {
    let mut transaction = begin(shared, id).await?;
    let query = sqlx::query(shared.sql.discard.text()).bind(id.0);
    let rows = query.fetch_all(transaction.raw()).await.map_err(from_sqlx)?;
    end(shared, transaction, &rows).await
}

async fn begin(shared: &Arc<Shared>, id: DeadLetterId) -> Result<Transaction> {
    let mut transaction = Transaction::begin(&shared.own).await.map_err(from_sqlx)?;
    lock(shared, &mut transaction, &Concerned { letters: vec![id.0], ..Concerned::default() }).await?;
    Ok(transaction)
}

/// Lets the next of their keys go, and commits; false if there are none.
pub(super) async fn end(shared: &Arc<Shared>, mut transaction: Transaction, rows: &[PgRow]) -> Result<bool> {
    if rows.is_empty() {
        transaction.rollback().await;
        return Ok(false);
    }
    let keys = keys(rows).map_err(from_sqlx)?;
    release(&shared.sql, &mut transaction, keys.into_iter()).await.map_err(from_sqlx)?;
    transaction.commit(&shared.own).await?;
    shared.announce(News::Ready);
    Ok(true)
}

fn read(row: &PgRow) -> sqlx::Result<DeadLetter> {
    let body = Bytes::from(row.try_get::<Vec<u8>, _>("body")?);
    let envelope = remains(
        row.try_get("msg_id")?,
        row.try_get("name")?,
        row.try_get("key")?,
        row.try_get("head")?,
        body,
    );
    let id = DeadLetterId(row.try_get("id")?);
    let mut letter = DeadLetter::new(id, row.try_get("target")?, envelope, row.try_get("reason")?);
    letter.parked = row.try_get("parked")?;
    letter.state = match row.try_get::<i16, _>("state")? {
        0 => DeadLetterState::Open,
        1 => DeadLetterState::Replayed,
        _ => DeadLetterState::Discarded,
    };
    letter.attempts = number(row, "attempts")?;
    letter.losses = number(row, "losses")?;
    letter.failures = failures(row.try_get("failures")?);
    letter.replays = number(row, "replays")?;
    letter.at = timestamp(row.try_get("at")?);
    Ok(letter)
}
