//! What the slice does when it hears of something.

use anywise::prelude::*;
use shop_contracts::inventory::{StockReserved, StockShort};
use shop_contracts::order::{OrderCancelled, OrderPaid};

use crate::store::{Answer, Stock};

/// Reserves what a paid order needs, and tells how that went.
///
/// When it hears of an order again it tells the same again: the first time may
/// not have been heard.
#[listen]
fn reserve_paid(event: &OrderPaid, stock: &Stock, events: &mut Events<(StockReserved, StockShort)>) {
    let order_id = event.order_id.clone();
    match stock.reserve(&order_id, &event.lines) {
        Answer::Reserved(_) => events.publish(StockReserved { order_id }),
        Answer::Short(sku) => events.publish(StockShort { order_id, sku }),
        Answer::Cancelled => {}
    }
}

/// Puts back what was reserved for a cancelled order.
#[listen]
fn release_cancelled(event: &OrderCancelled, stock: &Stock) {
    stock.release(&event.order_id);
}
