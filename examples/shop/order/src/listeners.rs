//! What the slice does when it hears of something.

use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::inventory::{StockReserved, StockShort};
use shop_contracts::order::{OrderCancelled, OrderConfirmed, OrderPaid};
use shop_contracts::payment::{PaymentRefunded, PaymentSettled, RefundPayment};

use crate::fault::OrderFault;
use crate::order::{Order, Paid};
use crate::store;

/// Marks the order paid, which asks for its stock.
///
/// A payment that comes too late, for a cancelled order, is given back.
#[listen]
async fn mark_paid(
    event: &PaymentSettled,
    tx: &mut Tx<Any>,
    events: &mut Events<(OrderPaid,)>,
) -> Result<Option<RefundPayment>, OrderFault> {
    let (paid, order) = store::change(tx, &event.order_id, |order| order.pay(&event.payment_id)).await?;
    if paid == Paid::Now {
        events.publish(OrderPaid { order_id: event.order_id.clone(), lines: order.stock() });
    }
    let unwanted = paid == Paid::Unwanted;
    Ok(unwanted.then(|| RefundPayment { payment_id: event.payment_id.clone() }))
}

/// Confirms the order whose stock is reserved.
#[listen]
async fn confirm_reserved(
    event: &StockReserved,
    tx: &mut Tx<Any>,
    events: &mut Events<(OrderConfirmed,)>,
) -> Result<(), OrderFault> {
    let (confirmed, order) = store::change(tx, &event.order_id, Order::reserve).await?;
    if confirmed {
        events.publish(OrderConfirmed { order_id: event.order_id.clone(), customer: order.customer });
    }
    Ok(())
}

/// Has the payment given back when there is no stock for the order.
#[listen]
async fn refund_short(event: &StockShort, reader: &Reader<Any>) -> Result<Option<RefundPayment>, OrderFault> {
    let payment = store::find(reader, &event.order_id).await?.refundable();
    Ok(payment.map(|payment_id| RefundPayment { payment_id }))
}

/// Cancels the order whose payment was given back.
#[listen]
async fn cancel_refunded(
    event: &PaymentRefunded,
    tx: &mut Tx<Any>,
    events: &mut Events<(OrderCancelled,)>,
) -> Result<(), OrderFault> {
    let (cancelled, order) =
        store::change(tx, &event.order_id, |order| order.refund(&event.payment_id)).await?;
    if cancelled {
        events.publish(OrderCancelled { order_id: event.order_id.clone(), customer: order.customer });
    }
    Ok(())
}
