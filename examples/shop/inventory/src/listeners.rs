//! What the slice does when it hears of something.

use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::inventory::{StockReserved, StockShort};
use shop_contracts::order::{OrderCancelled, OrderPaid};

use crate::store::{self, Answer};

/// Reserves what a paid order needs, and tells how that went.
///
/// When it hears of an order that has its answer, it tells the same: a checkout
/// may have asked before the order was paid.
#[listen]
async fn reserve_paid(
    event: &OrderPaid,
    tx: &mut Tx<Any>,
    events: &mut Events<(StockReserved, StockShort)>,
) -> Result<()> {
    let order_id = event.order_id.clone();
    match store::reserve(tx, &order_id, &event.lines).await? {
        Answer::Reserved => events.publish(StockReserved { order_id }),
        Answer::Short(sku) => events.publish(StockShort { order_id, sku }),
        Answer::Cancelled => {}
    }
    Ok(())
}

/// Puts back what was reserved for a cancelled order.
#[listen]
async fn release_cancelled(event: &OrderCancelled, tx: &mut Tx<Any>) -> Result<()> {
    Ok(store::release(tx, &event.order_id).await?)
}
