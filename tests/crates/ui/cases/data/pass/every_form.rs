//! Data.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// A card.
#[data]
#[derive(Clone, Debug)]
pub struct Card {
    /// The number.
    pub number: String,
}

/// A way to pay.
#[data]
pub enum Way {
    /// By card.
    Card(Card),
    /// In cash.
    Cash,
}

/// Pay.
#[command(reply = Card)]
pub struct Pay {
    /// How.
    pub way: Way,
}

fn main() {}
