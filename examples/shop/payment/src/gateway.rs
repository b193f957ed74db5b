//! The way to the card company, and the one this example comes with.

use anywise::prelude::*;
use shop_contracts::Cents;
use shop_contracts::payment::CardToken;

/// The way to the card company.
pub trait Gateway: Send + Sync {
    /// Whether it takes charges now.
    fn is_open(&self) -> bool;

    /// Charges a card.
    ///
    /// # Errors
    /// That the card company will not.
    fn charge(&self, card: &CardToken, amount: Cents) -> Result<(), Declined>;
}

/// The card company will not charge a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declined;

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the card company will not charge the card")
    }
}

impl std::error::Error for Declined {}

/// A card company for demonstrations: always open, charges every card but
/// `tok_declined`, and moves no money.
struct DemoGateway;

#[provide]
fn gateway() -> Box<dyn Gateway> {
    Box::new(DemoGateway)
}

impl Gateway for DemoGateway {
    fn is_open(&self) -> bool {
        true
    }

    fn charge(&self, card: &CardToken, _amount: Cents) -> Result<(), Declined> {
        if card.0 == "tok_declined" { Err(Declined) } else { Ok(()) }
    }
}
