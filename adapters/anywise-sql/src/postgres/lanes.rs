//! The lanes of keys: who holds one sees all that its holder before has done.

use anywise_core::{Error, Kind, Result};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::{Refusal, from_sqlx};
use crate::postgres::Shared;
use crate::postgres::transaction::Transaction;
use crate::row::Stored;

/// What a transaction locks lanes for.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    pub(super) targets: Vec<String>,
    pub(super) keys: Vec<String>,
    pub(super) deliveries: Vec<i64>,
    pub(super) messages: Vec<Uuid>,
    pub(super) letters: Vec<i64>,
}

impl Concerned {
    /// What appending `new` concerns.
    pub(super) fn of(new: &Stored) -> Self {
        match &new.key {
            Some(key) => {
                Self { targets: vec![new.target.clone()], keys: vec![key.clone()], ..Self::default() }
            }
            None => Self::default(),
        }
    }
}

/// Locks lanes until the transaction ends; from here on it may write.
///
/// # Errors
/// That there is no transaction to write in, or that it would not be durable.
pub(super) async fn lock(
    shared: &Shared,
    transaction: &mut Transaction,
    concerned: &Concerned,
) -> Result<()> {
    let query = sqlx::query(shared.sql.lock.text())
        .bind(&concerned.targets)
        .bind(&concerned.keys)
        .bind(&concerned.deliveries)
        .bind(&concerned.messages)
        .bind(&concerned.letters)
        .bind(shared.space);
    let row = query.fetch_one(transaction.raw()).await.map_err(from_sqlx)?;
    mark(transaction, &row)
}

/// Notes what it takes to find out later how a transaction ended, if there is one.
pub(super) fn mark(transaction: &mut Transaction, row: &PgRow) -> Result<()> {
    let get = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    let (xid, open, durable): (_, bool, bool) = get().map_err(from_sqlx)?;
    if !open {
        return Err(ended_early());
    }
    if !durable {
        return Err(not_durable());
    }
    transaction.mark(xid);
    Ok(())
}

fn ended_early() -> Error {
    let text =
        "the transaction was ended by one of its statements: `COMMIT` and `ROLLBACK` are the framework's";
    Refusal::new(Kind::Internal, "AW7012", text).into_error()
}

fn not_durable() -> Error {
    Refusal::new(Kind::Internal, "AW3023", "the transaction switched synchronous_commit off").into_error()
}
