//! What the slice does when it hears of something.

use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::order::OrderCancelled;
use shop_contracts::payment::PaymentRefunded;

use crate::store;

/// Gives back what was paid for a cancelled order.
#[listen]
async fn refund_cancelled(
    event: &OrderCancelled,
    tx: &mut Tx<Any>,
    events: &mut Events<(PaymentRefunded,)>,
) -> Result<()> {
    if let Some(payment_id) = store::refund_order(tx, &event.order_id).await? {
        events.publish(PaymentRefunded { order_id: event.order_id.clone(), payment_id });
    }
    Ok(())
}
