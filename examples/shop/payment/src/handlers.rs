//! What the slice does when it is asked.

use anywise::prelude::*;
use shop_contracts::order::{OrderStatus, OrderView};
use shop_contracts::payment::{
    CreatePayment, GetPayment, PaymentRefunded, PaymentSettled, PaymentStatus, PaymentView, Receipt,
    RefundPayment,
};

use crate::fault::PaymentFault;
use crate::gateway::Gateway;
use crate::store::Payments;

/// Charges the card for an order that is open and not yet paid.
#[handler(timeout = "10s")]
fn create_payment(
    cmd: CreatePayment,
    order: Provided<OrderView>,
    payments: &Payments,
    gateway: &dyn Gateway,
    events: &mut Events<(PaymentSettled,)>,
) -> Result<Receipt, PaymentFault> {
    let payment_id = payments.settle(&cmd.order_id, cmd.amount_cents, || {
        acceptable(&cmd, &order)?;
        gateway.charge(&cmd.card, cmd.amount_cents).map_err(PaymentFault::from)
    })?;
    events.publish(PaymentSettled { order_id: cmd.order_id, payment_id: payment_id.clone() });
    Ok(Receipt { payment_id, status: PaymentStatus::Settled })
}

/// Shows a payment.
#[handler]
fn get_payment(query: GetPayment, payments: &Payments) -> Result<PaymentView, PaymentFault> {
    let payment = payments.find(&query.payment_id)?;
    Ok(PaymentView {
        payment_id: query.payment_id,
        order_id: payment.order_id,
        amount_cents: payment.amount_cents,
        status: payment.status,
    })
}

/// Gives a payment back, once.
#[handler]
fn refund_payment(
    cmd: RefundPayment,
    payments: &Payments,
    events: &mut Events<(PaymentRefunded,)>,
) -> Result<(), PaymentFault> {
    if let Some(order_id) = payments.refund(&cmd.payment_id)? {
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
