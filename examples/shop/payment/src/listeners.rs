//! What the slice does when it hears of something.

use anywise::prelude::*;
use shop_contracts::order::OrderCancelled;
use shop_contracts::payment::PaymentRefunded;

use crate::fault::PaymentFault;
use crate::store::Payments;

/// Gives back what was paid for a cancelled order.
#[listen]
fn refund_cancelled(
    event: &OrderCancelled,
    payments: &Payments,
    events: &mut Events<(PaymentRefunded,)>,
) -> Result<(), PaymentFault> {
    let Some(payment_id) = payments.of_order(&event.order_id) else { return Ok(()) };
    if let Some(order_id) = payments.refund(&payment_id)? {
        events.publish(PaymentRefunded { order_id, payment_id });
    }
    Ok(())
}
