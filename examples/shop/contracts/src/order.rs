//! What the slice `order` takes and tells.

use anywise::prelude::*;

use crate::Cents;
use crate::inventory::{Sku, StockLine};
use crate::payment::PaymentId;

anywise::contract!("order");

/// Names an order: a UUID of version 7, as text.
#[data]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderId(pub String);

impl OrderId {
    /// An id no order has yet.
    #[must_use]
    pub fn fresh() -> Self {
        Self(anywise::new_id().to_string())
    }
}

impl std::fmt::Display for OrderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Places an order. It waits to be paid.
///
/// Refused with `order.invalid` when the customer is blank, when there are no
/// lines, when a quantity is zero or a price negative, and when the total
/// cannot be counted.
#[command(reply = PlacedOrder, http("POST /orders", status = 201, location = "/orders/{order_id}"))]
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Who orders.
    pub customer: String,
    /// What is ordered: at least one line.
    pub lines: Vec<OrderLine>,
}

/// One line of an order.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// What.
    pub sku: Sku,
    /// How many: at least 1.
    pub quantity: u32,
    /// Price of one, in cents.
    pub unit_price_cents: Cents,
}

/// A placed order.
#[data]
#[derive(Clone, Debug)]
pub struct PlacedOrder {
    /// Its id.
    pub order_id: OrderId,
}

/// Asks how an order is getting on.
#[query(reply = OrderView, key = order_id, http = "GET /orders/{order_id}")]
#[derive(Clone, Debug)]
pub struct GetOrder {
    /// The order.
    pub order_id: OrderId,
}

/// An order as it is now.
#[data]
#[derive(Clone, Debug)]
pub struct OrderView {
    /// Its id.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: String,
    /// How far it is.
    pub status: OrderStatus,
    /// What must be paid, in cents.
    pub total_cents: Cents,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// The payment, once there is one.
    pub payment_id: Option<PaymentId>,
}

/// How far an order is.
#[data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// It waits to be paid.
    Pending,
    /// It is paid and waits for stock.
    Paid,
    /// It is paid and its stock is reserved.
    Confirmed,
    /// It will not be delivered; what was paid is given back.
    Cancelled,
}

/// Confirms an order whose payment and stock are certain.
///
/// Confirming it again changes nothing. A cancelled order is refused with
/// `order.cancelled`.
#[command(key = order_id)]
#[derive(Clone, Debug)]
pub struct ConfirmOrder {
    /// The order.
    pub order_id: OrderId,
    /// The payment that settled it.
    pub payment_id: PaymentId,
}

/// Cancels an order that is not confirmed: the undoing of [`PlaceOrder`].
///
/// Cancelling it again changes nothing. A confirmed order is refused with
/// `order.confirmed`.
#[command(key = order_id)]
#[derive(Clone, Debug)]
pub struct CancelOrder {
    /// The order.
    pub order_id: OrderId,
}

/// An order was paid; its stock can be reserved.
#[event(key = order_id)]
#[derive(Clone, Debug)]
pub struct OrderPaid {
    /// The order.
    pub order_id: OrderId,
    /// What must be reserved for it.
    pub lines: Vec<StockLine>,
}

/// An order was confirmed: it is paid, and its stock is reserved.
#[event(key = order_id)]
#[derive(Clone, Debug)]
pub struct OrderConfirmed {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: String,
}

/// An order was cancelled.
#[event(key = order_id)]
#[derive(Clone, Debug)]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: String,
}
