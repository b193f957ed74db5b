//! Where the slice keeps what it told: a table of the application's database.

use anywise::Timestamp;
use anywise::prelude::*;
use anywise::sql::{Any, sqlx};
use shop_contracts::notification::Notification;
use shop_contracts::order::OrderId;

anywise::sql::migrations!(
    "notification",
    ["0001_notifications" => include_str!("../migrations/0001_notifications.sql")]
);

/// What can be told about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Confirmed,
    Cancelled,
}

impl Topic {
    /// As customers and the table know it.
    fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Tells a customer about an order, if that was not done before.
pub(crate) async fn tell(
    tx: &mut Tx<Any>,
    customer: &str,
    order_id: &OrderId,
    topic: Topic,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO notifications (order_id, topic, customer, at, text) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (order_id, topic) DO NOTHING",
    )
    .bind(&order_id.0)
    .bind(topic.word())
    .bind(customer)
    .bind(nanoseconds(Timestamp::now()))
    .bind(format!("Order {order_id} is {}", topic.word()))
    .execute(tx)
    .await?;
    Ok(())
}

/// What a customer was told, oldest first.
pub(crate) async fn told(reader: &Reader<Any>, customer: &str) -> sqlx::Result<Vec<Notification>> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT at, text FROM notifications WHERE customer = $1 ORDER BY at, order_id")
            .bind(customer)
            .fetch_all(reader)
            .await?;
    rows.into_iter().map(|(at, text)| Ok(Notification { at: timestamp(at)?, text })).collect()
}

fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

fn timestamp(nanoseconds: i64) -> sqlx::Result<Timestamp> {
    let at = Timestamp::from_nanosecond(i128::from(nanoseconds));
    at.map_err(|error| sqlx::Error::Decode(error.into()))
}
