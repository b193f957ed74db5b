//! What the slice does when it hears of something.

use anywise::prelude::*;
use shop_contracts::order::{OrderCancelled, OrderConfirmed};

use crate::store::{Told, Topic};

/// Tells the customer that the order is confirmed.
#[listen]
fn tell_confirmed(event: &OrderConfirmed, told: &Told) {
    let text = format!("Order {} is confirmed", event.order_id);
    told.tell(&event.customer, &event.order_id, Topic::Confirmed, text);
}

/// Tells the customer that the order is cancelled.
#[listen]
fn tell_cancelled(event: &OrderCancelled, told: &Told) {
    let text = format!("Order {} is cancelled", event.order_id);
    told.tell(&event.customer, &event.order_id, Topic::Cancelled, text);
}
