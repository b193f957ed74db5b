//! What the slice `payment` takes and tells.

use anywise::prelude::*;

use crate::Cents;
use crate::order::{OrderId, OrderLine};

anywise::contract!("payment");

/// Names a payment: a UUID of version 7, as text.
#[data]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PaymentId(pub String);

impl PaymentId {
    /// An id no payment has yet.
    #[must_use]
    pub fn fresh() -> Self {
        Self(anywise::new_id().to_string())
    }
}

impl std::fmt::Display for PaymentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Stands for a card at the card company; never the card's number.
#[data]
#[derive(Clone, PartialEq, Eq)]
pub struct CardToken(pub String);

impl std::fmt::Debug for CardToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardToken(…)")
    }
}

/// Charges a card for an order.
///
/// An order is paid at most once, and in full.
#[command(
    reply = Receipt,
    key = order_id,
    http("POST /payments", status = 201, location = "/payments/{payment_id}")
)]
#[derive(Clone, Debug)]
pub struct CreatePayment {
    /// The order.
    pub order_id: OrderId,
    /// The order's total, in cents.
    pub amount_cents: Cents,
    /// The card: `tok_visa` is charged, `tok_declined` is not.
    pub card: CardToken,
}

/// A payment that was taken.
#[data]
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its id.
    pub payment_id: PaymentId,
    /// Always `settled`.
    pub status: PaymentStatus,
}

/// Asks for a payment.
#[query(reply = PaymentView, key = payment_id, http = "GET /payments/{payment_id}")]
#[derive(Clone, Debug)]
pub struct GetPayment {
    /// The payment.
    pub payment_id: PaymentId,
}

/// A payment as it is now.
#[data]
#[derive(Clone, Debug)]
pub struct PaymentView {
    /// Its id.
    pub payment_id: PaymentId,
    /// The order it is for.
    pub order_id: OrderId,
    /// How much, in cents.
    pub amount_cents: Cents,
    /// Whether the shop has the money.
    pub status: PaymentStatus,
}

/// Whether the shop has the money.
#[data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// It has.
    Settled,
    /// It gave it back.
    Refunded,
}

/// Gives a payment back: the undoing of [`CreatePayment`].
///
/// Giving it back again changes nothing.
#[command(key = payment_id)]
#[derive(Clone, Debug)]
pub struct RefundPayment {
    /// The payment.
    pub payment_id: PaymentId,
}

/// Places an order, pays it, reserves its stock and confirms it, or undoes all
/// of it.
///
/// The same journey as by [`PlaceOrder`](crate::order::PlaceOrder) and
/// [`CreatePayment`], but the reply waits for its end.
#[command(reply = CheckedOut, http("POST /checkouts", status = 201, location = "/orders/{order_id}"))]
#[derive(Clone, Debug)]
pub struct Checkout {
    /// Who orders.
    pub customer: String,
    /// What is ordered: at least one line.
    pub lines: Vec<OrderLine>,
    /// The card that pays for it.
    pub card: CardToken,
}

/// A checkout that went through.
#[data]
#[derive(Clone, Debug)]
pub struct CheckedOut {
    /// The confirmed order.
    pub order_id: OrderId,
    /// The settled payment.
    pub payment_id: PaymentId,
}

/// An order's payment was taken.
#[event(key = order_id)]
#[derive(Clone, Debug)]
pub struct PaymentSettled {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
}

/// An order's payment was given back.
#[event(key = order_id)]
#[derive(Clone, Debug)]
pub struct PaymentRefunded {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
}
