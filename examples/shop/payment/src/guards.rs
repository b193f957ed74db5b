//! What stands in front of the slice's functions.

use anywise::FieldFault;
use anywise::prelude::*;
use shop_contracts::Cents;
use shop_contracts::order::{GetOrder, OrderView};
use shop_contracts::payment::{Checkout, CreatePayment};

use crate::fault::PaymentFault;
use crate::gateway::Gateway;

/// Begins nothing that the card company could not finish now.
#[guard(slice, commands)]
fn gateway_is_open(gateway: &dyn Gateway) -> Result<(), PaymentFault> {
    if gateway.is_open() { Ok(()) } else { Err(PaymentFault::GatewayClosed) }
}

/// Every message that carries a card.
#[one_of]
enum CarriesCard {
    Payment(CreatePayment),
    Checkout(Checkout),
}

/// Lets no card number into the shop: a card is named by its token.
#[guard(order = -2)]
fn card_is_a_token(message: &CarriesCard) -> Result<(), PaymentFault> {
    let card = match message {
        CarriesCard::Payment(payment) => &payment.card,
        CarriesCard::Checkout(checkout) => &checkout.card,
    };
    if card.0.starts_with("tok_") {
        return Ok(());
    }
    let field = FieldFault::new("/card", "must be a token such as `tok_visa`, never a card number");
    Err(PaymentFault::Invalid(vec![field]))
}

/// Refuses an amount that no order can cost.
#[guard(order = -1)]
fn amount_is_an_amount(cmd: &CreatePayment) -> Result<(), PaymentFault> {
    if cmd.amount_cents >= Cents::ZERO {
        return Ok(());
    }
    let field = FieldFault::new("/amount_cents", "must not be negative");
    Err(PaymentFault::Invalid(vec![field]))
}

/// Provides the order that is to be paid, or refuses what is for no order.
#[guard]
async fn order_to_pay(cmd: &CreatePayment, queries: Queries<(GetOrder,)>) -> Result<OrderView> {
    queries.ask(GetOrder { order_id: cmd.order_id.clone() }).await
}
