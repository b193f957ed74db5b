//! Where the slice keeps its stock: tables of the application's database.
//!
//! Whoever asks for an order first writes its answer down first, and anybody
//! else who asks for it waits for that. Things are taken in the order of their
//! names, so that no two orders ever wait for each other.

use std::collections::BTreeMap;

use anywise::prelude::*;
use anywise::sql::{Any, sqlx};
use shop_contracts::inventory::{Sku, StockLevel, StockLine};
use shop_contracts::order::OrderId;

use crate::fault::StockFault;

anywise::sql::migrations!("inventory", ["0001_stock" => include_str!("../migrations/0001_stock.sql")]);

/// What an order was told. It is told the same for ever, or until it is
/// cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Everything is reserved for it.
    Reserved,
    /// Of this there was too little.
    Short(Sku),
    /// It was cancelled, and holds nothing any more.
    Cancelled,
}

/// Says how many there are; not less than are reserved.
pub(crate) async fn set(tx: &mut Tx<Any>, sku: Sku, on_hand: u32) -> Result<StockLevel, StockFault> {
    let reserved: Option<i64> = sqlx::query_scalar(
        "INSERT INTO stock (sku, on_hand, reserved) VALUES ($1, $2, 0)
         ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand WHERE stock.reserved <= excluded.on_hand
         RETURNING reserved",
    )
    .bind(&sku.0)
    .bind(i64::from(on_hand))
    .fetch_optional(&mut *tx)
    .await?;
    match reserved {
        Some(reserved) => Ok(StockLevel { sku, on_hand, reserved: count(reserved)? }),
        None => {
            let StockLevel { sku, reserved, .. } = level(tx, sku).await?;
            Err(StockFault::BelowReserved { sku, reserved, on_hand })
        }
    }
}

/// How many there are.
pub(crate) async fn level<'e>(
    executor: impl sqlx::Executor<'e, Database = sqlx::Any>,
    sku: Sku,
) -> Result<StockLevel, StockFault> {
    let row: Option<(i64, i64)> = sqlx::query_as("SELECT on_hand, reserved FROM stock WHERE sku = $1")
        .bind(&sku.0)
        .fetch_optional(executor)
        .await?;
    match row {
        Some((on_hand, reserved)) => {
            Ok(StockLevel { sku, on_hand: count(on_hand)?, reserved: count(reserved)? })
        }
        None => Err(StockFault::UnknownSku(sku)),
    }
}

/// Reserves everything for the order or nothing, unless it has its answer.
pub(crate) async fn reserve(
    tx: &mut Tx<Any>,
    order_id: &OrderId,
    lines: &[StockLine],
) -> sqlx::Result<Answer> {
    if !ask(tx, order_id).await? {
        return answer(tx, order_id).await;
    }
    for (sku, quantity) in together(lines) {
        if !take(tx, order_id, sku, quantity).await? {
            give_back(tx, order_id).await?;
            tell_short(tx, order_id, sku).await?;
            return Ok(Answer::Short(sku.clone()));
        }
    }
    Ok(Answer::Reserved)
}

/// Puts back what is reserved for a cancelled order, and reserves no more.
pub(crate) async fn release(tx: &mut Tx<Any>, order_id: &OrderId) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO stock_answers (order_id, answer) VALUES ($1, 'cancelled')
         ON CONFLICT (order_id) DO UPDATE SET answer = 'cancelled'",
    )
    .bind(&order_id.0)
    .execute(&mut *tx)
    .await?;
    give_back(tx, order_id).await
}

/// Each thing once, with how many of it the lines want together.
fn together(lines: &[StockLine]) -> BTreeMap<&Sku, i64> {
    let mut wanted = BTreeMap::new();
    for StockLine { sku, quantity } in lines {
        *wanted.entry(sku).or_default() += i64::from(*quantity);
    }
    wanted
}

/// Begins the answer to an order; false if it has one.
async fn ask(tx: &mut Tx<Any>, order_id: &OrderId) -> sqlx::Result<bool> {
    let asked = sqlx::query(
        "INSERT INTO stock_answers (order_id, answer) VALUES ($1, 'reserved') ON CONFLICT (order_id) DO NOTHING",
    )
    .bind(&order_id.0)
    .execute(tx)
    .await?;
    Ok(asked.rows_affected() == 1)
}

async fn answer(tx: &mut Tx<Any>, order_id: &OrderId) -> sqlx::Result<Answer> {
    let (answer, short_of): (String, Option<String>) =
        sqlx::query_as("SELECT answer, short_of FROM stock_answers WHERE order_id = $1")
            .bind(&order_id.0)
            .fetch_one(tx)
            .await?;
    match (answer.as_str(), short_of) {
        ("reserved", _) => Ok(Answer::Reserved),
        ("short", Some(sku)) => Ok(Answer::Short(Sku(sku))),
        ("cancelled", _) => Ok(Answer::Cancelled),
        _ => Err(sqlx::Error::Decode(format!("`{answer}` is no answer to an order").into())),
    }
}

async fn tell_short(tx: &mut Tx<Any>, order_id: &OrderId, sku: &Sku) -> sqlx::Result<()> {
    let told = sqlx::query("UPDATE stock_answers SET answer = 'short', short_of = $1 WHERE order_id = $2");
    told.bind(&sku.0).bind(&order_id.0).execute(tx).await?;
    Ok(())
}

/// Takes so many from the shelf for the order, if there are as many.
///
/// The shelf comes last: whoever else wants something of it waits from here to
/// the commit.
async fn take(tx: &mut Tx<Any>, order_id: &OrderId, sku: &Sku, quantity: i64) -> sqlx::Result<bool> {
    let line = sqlx::query("INSERT INTO stock_reserved (order_id, sku, quantity) VALUES ($1, $2, $3)");
    line.bind(&order_id.0).bind(&sku.0).bind(quantity).execute(&mut *tx).await?;
    let taken =
        sqlx::query("UPDATE stock SET reserved = reserved + $1 WHERE sku = $2 AND on_hand - reserved >= $1")
            .bind(quantity)
            .bind(&sku.0)
            .execute(&mut *tx)
            .await?;
    if taken.rows_affected() == 1 {
        return Ok(true);
    }
    let line = sqlx::query("DELETE FROM stock_reserved WHERE order_id = $1 AND sku = $2");
    line.bind(&order_id.0).bind(&sku.0).execute(tx).await?;
    Ok(false)
}

/// Puts back on the shelf what the order holds.
async fn give_back(tx: &mut Tx<Any>, order_id: &OrderId) -> sqlx::Result<()> {
    let mut held: Vec<(String, i64)> =
        sqlx::query_as("DELETE FROM stock_reserved WHERE order_id = $1 RETURNING sku, quantity")
            .bind(&order_id.0)
            .fetch_all(&mut *tx)
            .await?;
    held.sort_unstable();
    for (sku, quantity) in held {
        let shelf = sqlx::query("UPDATE stock SET reserved = reserved - $1 WHERE sku = $2");
        shelf.bind(quantity).bind(sku).execute(&mut *tx).await?;
    }
    Ok(())
}

fn count(number: i64) -> sqlx::Result<u32> {
    u32::try_from(number).map_err(|error| sqlx::Error::Decode(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_thing_count_together() {
        let line = |sku: &str, quantity| StockLine { sku: Sku(sku.to_owned()), quantity };
        let lines = [line("tea", u32::MAX), line("cup", 1), line("tea", u32::MAX)];
        let wanted: Vec<_> =
            together(&lines).into_iter().map(|(sku, wanted)| (sku.0.as_str(), wanted)).collect();
        assert_eq!(wanted, [("cup", 1), ("tea", 2 * i64::from(u32::MAX))]);
    }
}
