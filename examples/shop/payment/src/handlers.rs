//! What the slice does when it is asked.

use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::order::{OrderStatus, OrderView};
use shop_contracts::payment::{
    CreatePayment, GetPayment, PaymentRefunded, PaymentSettled, PaymentStatus, PaymentView, Receipt,
    RefundPayment,
};

use crate::fault::PaymentFault;
use crate::gateway::Gateway;
use crate::store;

/// Charges the card for an order that is open and not yet paid.
///
/// The payment is written down before the card is charged: of two at once the
/// second waits, and finds the order paid unless the first one failed. A card
/// company that moves money would be given the payment's id, so that it charges
/// once however often it is asked.
#[handler(timeout = "10s")]
async fn create_payment(
    cmd: CreatePayment,
    order: Provided<OrderView>,
    gateway: &dyn Gateway,
    tx: &mut Tx<Any>,
    events: &mut Events<(PaymentSettled,)>,
) -> Result<Receipt, PaymentFault> {
    let payment_id = store::settle(tx, &cmd.order_id, cmd.amount_cents).await?;
    acceptable(&cmd, &order)?;
    gateway.charge(&cmd.card, cmd.amount_cents)?;
    events.publish(PaymentSettled { order_id: cmd.order_id, payment_id: payment_id.clone() });
    Ok(Receipt { payment_id, status: PaymentStatus::Settled })
}

/// Shows a payment.
#[handler]
async fn get_payment(query: GetPayment, reader: &Reader<Any>) -> Result<PaymentView, PaymentFault> {
    let payment = store::find(reader, &query.payment_id).await?;
    Ok(PaymentView {
        payment_id: query.payment_id,
        order_id: payment.order_id,
        amount_cents: payment.amount_cents,
        status: payment.status,
    })
}

/// Gives a payment back, once.
#[handler]
async fn refund_payment(
    cmd: RefundPayment,
    tx: &mut Tx<Any>,
    events: &mut Events<(PaymentRefunded,)>,
) -> Result<(), PaymentFault> {
    if let Some(order_id) = store::refund(tx, &cmd.payment_id).await? {
        events.publish(PaymentRefunded { order_id, payment_id: cmd.payment_id });
    }
    Ok(())
}

/// Whether this is what the order costs, and the order still wants it.
fn acceptable(cmd: &CreatePayment, order: &OrderView) -> Result<(), PaymentFault> {
    if order.status == OrderStatus::Cancelled {
        return Err(PaymentFault::OrderCancelled(cmd.order_id.clone()));
    }
    if cmd.amount_cents != order.total_cents {
        return Err(PaymentFault::AmountMismatch {
            order_id: cmd.order_id.clone(),
            total: order.total_cents,
            amount: cmd.amount_cents,
        });
    }
    Ok(())
}
