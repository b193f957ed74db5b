//! What the slice does when it hears of something.

use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::order::{OrderCancelled, OrderConfirmed};

use crate::store::{self, Topic};

/// Tells the customer that the order is confirmed.
#[listen]
async fn tell_confirmed(event: &OrderConfirmed, tx: &mut Tx<Any>) -> Result<()> {
    Ok(store::tell(tx, &event.customer, &event.order_id, Topic::Confirmed).await?)
}

/// Tells the customer that the order is cancelled.
#[listen]
async fn tell_cancelled(event: &OrderCancelled, tx: &mut Tx<Any>) -> Result<()> {
    Ok(store::tell(tx, &event.customer, &event.order_id, Topic::Cancelled).await?)
}
