//! Every key of a command, and every shape.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::Message;
use anywise::prelude::*;

/// Commands that move money.
pub struct Money;

/// An order.
#[data]
#[derive(Clone, Debug)]
pub struct OrderId(pub u64);

impl std::fmt::Display for OrderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A receipt.
#[data]
pub struct Receipt {
    /// Its number.
    pub payment_id: u64,
}

/// Charge a customer.
#[command(
    reply = Receipt,
    name = "payment.Charge",
    version = 2,
    aliases("payment.Pay", "billing.Charge"),
    key = order_id,
    family(Money),
    http("POST /orders/{order_id}/payments", status = 201, location = "/payments/{payment_id}")
)]
pub struct Charge {
    /// What for.
    pub order_id: OrderId,
    /// How much.
    pub amount: u64,
}

/// A tuple.
#[command(key = 0)]
#[derive(Debug, Clone)]
pub struct Cancel(pub u64, pub String);

/// A unit.
#[command]
pub struct Tick;

/// An enum.
#[command]
pub enum Move {
    /// Up.
    Up(u8),
    /// Down.
    Down {
        /// How far.
        by: u8,
    },
}

/// What never leaves the process.
#[command(local, reply = std::net::TcpListener)]
pub struct Listen(pub std::net::TcpStream);

fn main() {
    let charge = Charge { order_id: OrderId(7), amount: 5 };
    assert_eq!(Message::key(&charge).as_deref(), Some("7"));
    assert_eq!(Charge::META.wire_name(), "payment.Charge");
    assert_eq!(Charge::META.version_number(), 2);
    assert_eq!(Message::key(&Cancel(3, String::new())).as_deref(), Some("3"));
    assert_eq!(Message::key(&Tick), None);
}
