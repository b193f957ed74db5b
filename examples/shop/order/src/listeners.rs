//! What the slice does when it hears of something.

use anywise::prelude::*;
use shop_contracts::inventory::{StockReserved, StockShort};
use shop_contracts::order::{OrderCancelled, OrderConfirmed, OrderPaid};
use shop_contracts::payment::{PaymentRefunded, PaymentSettled, RefundPayment};

use crate::fault::OrderFault;
use crate::order::{Order, Paid};
use crate::store::Orders;

/// Marks the order paid, which asks for its stock.
///
/// A payment that comes too late, for a cancelled order, is given back.
#[listen]
fn mark_paid(
    event: &PaymentSettled,
    orders: &Orders,
    events: &mut Events<(OrderPaid,)>,
) -> Result<Option<RefundPayment>, OrderFault> {
    let (paid, order) = orders.change(&event.order_id, |order| order.pay(&event.payment_id))?;
    if paid == Paid::Now {
        events.publish(OrderPaid { order_id: event.order_id.clone(), lines: order.stock() });
    }
    let unwanted = paid == Paid::Unwanted;
    Ok(unwanted.then(|| RefundPayment { payment_id: event.payment_id.clone() }))
}

/// Confirms the order whose stock is reserved.
#[listen]
fn confirm_reserved(
    event: &StockReserved,
    orders: &Orders,
    events: &mut Events<(OrderConfirmed,)>,
) -> Result<(), OrderFault> {
    let (confirmed, order) = orders.change(&event.order_id, Order::reserve)?;
    if confirmed {
        events.publish(OrderConfirmed { order_id: event.order_id.clone(), customer: order.customer });
    }
    Ok(())
}

/// Has the payment given back when there is no stock for the order.
#[listen]
fn refund_short(event: &StockShort, orders: &Orders) -> Result<Option<RefundPayment>, OrderFault> {
    let payment = orders.find(&event.order_id)?.refundable();
    Ok(payment.map(|payment_id| RefundPayment { payment_id }))
}

/// Cancels the order whose payment was given back.
#[listen]
fn cancel_refunded(
    event: &PaymentRefunded,
    orders: &Orders,
    events: &mut Events<(OrderCancelled,)>,
) -> Result<(), OrderFault> {
    let (cancelled, order) = orders.change(&event.order_id, |order| order.refund(&event.payment_id))?;
    if cancelled {
        events.publish(OrderCancelled { order_id: event.order_id.clone(), customer: order.customer });
    }
    Ok(())
}
