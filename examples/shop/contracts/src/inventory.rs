//! What the slice `inventory` takes and tells.

use anywise::prelude::*;

use crate::order::{OrderId, OrderLine};

anywise::contract!("inventory");

/// Names a thing that can be sold: 1 to 64 characters, none of them blank.
#[data]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sku(pub String);

impl Sku {
    /// What is wrong with it, if anything is.
    #[must_use]
    pub fn flaw(&self) -> Option<&'static str> {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        match self.0.chars().count() {
            0 => Some("must not be empty"),
            65.. => Some("must have at most 64 characters"),
            _ if self.0.contains(blank) => Some("must not contain blanks"),
            _ => None,
        }
    }
}

impl std::fmt::Display for Sku {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// So many of something.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLine {
    /// What.
    pub sku: Sku,
    /// How many.
    pub quantity: u32,
}

impl From<&OrderLine> for StockLine {
    fn from(line: &OrderLine) -> Self {
        Self { sku: line.sku.clone(), quantity: line.quantity }
    }
}

/// Says how many of something are on hand.
///
/// Less than is reserved is refused with `inventory.below_reserved`.
#[command(reply = StockLevel, key = sku, http = "PUT /stock/{sku}")]
#[derive(Clone, Debug)]
pub struct SetStock {
    /// What.
    pub sku: Sku,
    /// How many are in the house, with those reserved.
    pub on_hand: u32,
}

/// Asks how many of something there are.
#[query(reply = StockLevel, key = sku, http = "GET /stock/{sku}")]
#[derive(Clone, Debug)]
pub struct GetStock {
    /// What.
    pub sku: Sku,
}

/// How many of something there are.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    /// What.
    pub sku: Sku,
    /// How many are in the house, with those reserved.
    pub on_hand: u32,
    /// How many of these are promised to orders.
    pub reserved: u32,
}

/// Reserves everything an order needs, or nothing of it.
///
/// An order has one answer: asked again, it is the answer given before. For a
/// cancelled order nothing is reserved: `inventory.order_cancelled`.
#[command(reply = Reservation, key = order_id)]
#[derive(Clone, Debug)]
pub struct ReserveStock {
    /// The order.
    pub order_id: OrderId,
    /// What it needs.
    pub lines: Vec<StockLine>,
}

/// What an order was told.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// Everything is reserved for it.
    Reserved,
    /// Nothing is reserved for it.
    Short {
        /// Of this there was too little.
        sku: Sku,
    },
}

impl Reservation {
    /// Nothing, for whoever cannot go on with less than everything.
    ///
    /// # Errors
    /// [`Short`], with the code `inventory.short`.
    pub fn complete(self) -> Result<(), Short> {
        match self {
            Self::Reserved => Ok(()),
            Self::Short { sku } => Err(Short(sku)),
        }
    }
}

/// There is not enough of something.
#[derive(Clone, Debug, PartialEq, Eq, Fault)]
#[fault(kind = conflict, code = "inventory.short", message = "there is not enough of `{0}`")]
pub struct Short(pub Sku);

/// Everything an order needs is reserved for it.
#[event(key = order_id)]
#[derive(Clone, Debug)]
pub struct StockReserved {
    /// The order.
    pub order_id: OrderId,
}

/// There is not enough for an order; nothing was reserved for it.
#[event(key = order_id)]
#[derive(Clone, Debug)]
pub struct StockShort {
    /// The order.
    pub order_id: OrderId,
    /// Of this there is too little.
    pub sku: Sku,
}
