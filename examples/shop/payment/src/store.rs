//! Where the slice keeps its payments: a table of the application's database.
//!
//! Each function here is one statement that says what must hold for it to make
//! a difference, so that of many at once one makes it.

use anywise::prelude::*;
use anywise::sql::{Any, sqlx};
use shop_contracts::Cents;
use shop_contracts::order::OrderId;
use shop_contracts::payment::{PaymentId, PaymentStatus};

use crate::fault::PaymentFault;

anywise::sql::migrations!("payment", ["0001_payments" => include_str!("../migrations/0001_payments.sql")]);

/// A payment.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) order_id: OrderId,
    pub(crate) amount_cents: Cents,
    pub(crate) status: PaymentStatus,
}

/// Takes an order's one payment down as settled.
///
/// Another one for the same order waits here until this one is kept or undone.
pub(crate) async fn settle(
    tx: &mut Tx<Any>,
    order_id: &OrderId,
    amount: Cents,
) -> Result<PaymentId, PaymentFault> {
    let id = PaymentId::fresh();
    let inserted = sqlx::query(
        "INSERT INTO payments (id, order_id, amount_cents, status) VALUES ($1, $2, $3, 'settled')
         ON CONFLICT (order_id) DO NOTHING",
    )
    .bind(&id.0)
    .bind(&order_id.0)
    .bind(amount.0)
    .execute(tx)
    .await?;
    if inserted.rows_affected() == 1 { Ok(id) } else { Err(PaymentFault::AlreadyPaid(order_id.clone())) }
}

/// The payment as it is now.
pub(crate) async fn find<'e>(
    executor: impl sqlx::Executor<'e, Database = sqlx::Any>,
    id: &PaymentId,
) -> Result<Payment, PaymentFault> {
    let row: Option<(String, i64, String)> =
        sqlx::query_as("SELECT order_id, amount_cents, status FROM payments WHERE id = $1")
            .bind(&id.0)
            .fetch_optional(executor)
            .await?;
    let (order_id, amount, status) = row.ok_or_else(|| PaymentFault::NotFound(id.clone()))?;
    Ok(Payment { order_id: OrderId(order_id), amount_cents: Cents(amount), status: from_word(&status)? })
}

/// Gives a payment back: the order it was for, if that made a difference.
pub(crate) async fn refund(tx: &mut Tx<Any>, id: &PaymentId) -> Result<Option<OrderId>, PaymentFault> {
    let refunded: Option<String> = sqlx::query_scalar(
        "UPDATE payments SET status = 'refunded' WHERE id = $1 AND status = 'settled' RETURNING order_id",
    )
    .bind(&id.0)
    .fetch_optional(&mut *tx)
    .await?;
    if refunded.is_none() {
        find(tx, id).await?;
    }
    Ok(refunded.map(OrderId))
}

/// Gives back what was paid for an order: the payment, if that made a
/// difference.
pub(crate) async fn refund_order(tx: &mut Tx<Any>, order_id: &OrderId) -> sqlx::Result<Option<PaymentId>> {
    let refunded: Option<String> = sqlx::query_scalar(
        "UPDATE payments SET status = 'refunded' WHERE order_id = $1 AND status = 'settled' RETURNING id",
    )
    .bind(&order_id.0)
    .fetch_optional(tx)
    .await?;
    Ok(refunded.map(PaymentId))
}

fn from_word(word: &str) -> sqlx::Result<PaymentStatus> {
    match word {
        "settled" => Ok(PaymentStatus::Settled),
        "refunded" => Ok(PaymentStatus::Refunded),
        _ => Err(sqlx::Error::Decode(format!("`{word}` is no status of a payment").into())),
    }
}
