//! Where the slice keeps its orders: a table of the application's database.
//!
//! A change reads the order, lets [`Order`] decide, and writes if nobody else
//! did in between; otherwise it begins again with what they wrote. That is
//! right on a database with one writer, and on one with many.

use anywise::json::{JsonLimits, decode_json};
use anywise::prelude::*;
use anywise::sql::{Any, sqlx};
use anywise::{Codec as _, Json};
use shop_contracts::Cents;
use shop_contracts::order::{OrderId, OrderLine, OrderStatus};
use shop_contracts::payment::PaymentId;

use crate::fault::OrderFault;
use crate::order::Order;

anywise::sql::migrations!("order", ["0001_orders" => include_str!("../migrations/0001_orders.sql")]);

/// Keeps a new order.
pub(crate) async fn insert(tx: &mut Tx<Any>, order: &Order) -> Result<OrderId, OrderFault> {
    let id = OrderId::fresh();
    sqlx::query(
        "INSERT INTO orders (id, customer, lines, total_cents, status, version) VALUES ($1, $2, $3, $4, $5, 0)",
    )
    .bind(&id.0)
    .bind(&order.customer)
    .bind(lines(order)?)
    .bind(order.total_cents.0)
    .bind(word(order.status))
    .execute(tx)
    .await?;
    Ok(id)
}

/// The order as it is now.
pub(crate) async fn find(reader: &Reader<Any>, id: &OrderId) -> Result<Order, OrderFault> {
    Ok(load(reader, id).await?.order)
}

/// Changes the order, and hands on what the change says together with the order
/// as it then is.
pub(crate) async fn change<R>(
    tx: &mut Tx<Any>,
    id: &OrderId,
    change: impl Fn(&mut Order) -> R,
) -> Result<(R, Order), OrderFault> {
    loop {
        let Loaded { mut order, version } = load(&mut *tx, id).await?;
        let before = (order.status, order.payment_id.clone());
        let said = change(&mut order);
        let same = before == (order.status, order.payment_id.clone());
        if same || update(tx, id, &order, version).await? {
            return Ok((said, order));
        }
    }
}

/// Writes what can change of an order, if it still has this version.
async fn update(tx: &mut Tx<Any>, id: &OrderId, order: &Order, version: i64) -> sqlx::Result<bool> {
    let updated = sqlx::query(
        "UPDATE orders SET status = $1, payment_id = $2, version = version + 1 WHERE id = $3 AND version = $4",
    )
    .bind(word(order.status))
    .bind(order.payment_id.as_ref().map(|payment| payment.0.clone()))
    .bind(&id.0)
    .bind(version)
    .execute(tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// An order, and how often it was changed.
struct Loaded {
    order: Order,
    version: i64,
}

async fn load<'e>(
    executor: impl sqlx::Executor<'e, Database = sqlx::Any>,
    id: &OrderId,
) -> Result<Loaded, OrderFault> {
    let row: Option<(String, String, i64, String, Option<String>, i64)> = sqlx::query_as(
        "SELECT customer, lines, total_cents, status, payment_id, version FROM orders WHERE id = $1",
    )
    .bind(&id.0)
    .fetch_optional(executor)
    .await?;
    let (customer, lines, total, status, payment, version) =
        row.ok_or_else(|| OrderFault::NotFound(id.clone()))?;
    let order = Order {
        customer,
        lines: from_lines(&lines)?,
        total_cents: Cents(total),
        status: from_word(&status)?,
        payment_id: payment.map(PaymentId),
    };
    Ok(Loaded { order, version })
}

/// The lines of an order as they are kept: JSON.
fn lines(order: &Order) -> sqlx::Result<String> {
    let encoded = Json.encode(&order.lines).map_err(|error| sqlx::Error::Encode(error.into()))?;
    String::from_utf8(encoded).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn from_lines(text: &str) -> sqlx::Result<Vec<OrderLine>> {
    let limits = JsonLimits { nodes: usize::MAX, object: false, ..JsonLimits::default() };
    decode_json(text.as_bytes(), &limits).map_err(|fault| sqlx::Error::Decode(fault.into()))
}

fn word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Paid => "paid",
        OrderStatus::Confirmed => "confirmed",
        OrderStatus::Cancelled => "cancelled",
    }
}

fn from_word(word: &str) -> sqlx::Result<OrderStatus> {
    match word {
        "pending" => Ok(OrderStatus::Pending),
        "paid" => Ok(OrderStatus::Paid),
        "confirmed" => Ok(OrderStatus::Confirmed),
        "cancelled" => Ok(OrderStatus::Cancelled),
        _ => Err(sqlx::Error::Decode(format!("`{word}` is no status of an order").into())),
    }
}
