//! What the slice does when it is asked.

use anywise::FieldFault;
use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::Cents;
use shop_contracts::order::{
    CancelOrder, ConfirmOrder, GetOrder, OrderCancelled, OrderConfirmed, OrderStatus, OrderView, PlaceOrder,
    PlacedOrder,
};

use crate::fault::OrderFault;
use crate::order::Order;
use crate::store;

/// Keeps a valid order. Nothing follows until it is paid.
#[handler]
async fn place_order(cmd: PlaceOrder, tx: &mut Tx<Any>) -> Result<PlacedOrder, OrderFault> {
    let total_cents = total(&cmd)?;
    let order_id = store::insert(tx, &Order::new(cmd.customer, cmd.lines, total_cents)).await?;
    Ok(PlacedOrder { order_id })
}

/// Shows an order.
#[handler]
async fn get_order(query: GetOrder, reader: &Reader<Any>) -> Result<OrderView, OrderFault> {
    let order = store::find(reader, &query.order_id).await?;
    Ok(OrderView {
        order_id: query.order_id,
        customer: order.customer,
        status: order.status,
        total_cents: order.total_cents,
        lines: order.lines,
        payment_id: order.payment_id,
    })
}

/// Confirms an order for somebody who knows that it is paid and its stock
/// reserved.
#[handler]
async fn confirm_order(
    cmd: ConfirmOrder,
    tx: &mut Tx<Any>,
    events: &mut Events<(OrderConfirmed,)>,
) -> Result<(), OrderFault> {
    let (confirmed, order) = store::change(tx, &cmd.order_id, |order| order.confirm(&cmd.payment_id)).await?;
    if order.status == OrderStatus::Cancelled {
        return Err(OrderFault::Cancelled(cmd.order_id));
    }
    if confirmed {
        events.publish(OrderConfirmed { order_id: cmd.order_id, customer: order.customer });
    }
    Ok(())
}

/// Cancels an order that is not confirmed.
#[handler]
async fn cancel_order(
    cmd: CancelOrder,
    tx: &mut Tx<Any>,
    events: &mut Events<(OrderCancelled,)>,
) -> Result<(), OrderFault> {
    let (cancelled, order) = store::change(tx, &cmd.order_id, Order::cancel).await?;
    if order.status == OrderStatus::Confirmed {
        return Err(OrderFault::Confirmed(cmd.order_id));
    }
    if cancelled {
        events.publish(OrderCancelled { order_id: cmd.order_id, customer: order.customer });
    }
    Ok(())
}

/// The total of an acceptable order; otherwise everything that is wrong with it.
fn total(order: &PlaceOrder) -> Result<Cents, OrderFault> {
    let mut faults = Vec::new();
    let mut fault = |pointer: String, detail: &str| faults.push(FieldFault::new(pointer, detail));
    if order.customer.trim().is_empty() {
        fault("/customer".to_owned(), "must not be blank");
    }
    if order.customer.contains(char::is_control) {
        fault("/customer".to_owned(), "must not contain control characters");
    }
    if order.lines.is_empty() {
        fault("/lines".to_owned(), "must have at least one line");
    }
    let mut total = Some(Cents::ZERO);
    for (at, line) in order.lines.iter().enumerate() {
        if let Some(flaw) = line.sku.flaw() {
            fault(format!("/lines/{at}/sku"), flaw);
        }
        if line.quantity == 0 {
            fault(format!("/lines/{at}/quantity"), "must be at least 1");
        }
        if line.unit_price_cents < Cents::ZERO {
            fault(format!("/lines/{at}/unit_price_cents"), "must not be negative");
        }
        let price = line.unit_price_cents.times(line.quantity);
        total = total.zip(price).and_then(|(total, price)| total.plus(price));
    }
    if total.is_none() {
        fault("/lines".to_owned(), "cost more together than can be counted");
    }
    total.filter(|_| faults.is_empty()).ok_or(OrderFault::Invalid(faults))
}

#[cfg(test)]
mod tests {
    use shop_contracts::inventory::Sku;
    use shop_contracts::order::OrderLine;

    use super::*;

    fn check(customer: &str, lines: &[(&str, u32, i64)], expected: Result<i64, &[&str]>) {
        let line = |&(sku, quantity, price): &(&str, u32, i64)| OrderLine {
            sku: Sku(sku.to_owned()),
            quantity,
            unit_price_cents: Cents(price),
        };
        let order = PlaceOrder { customer: customer.to_owned(), lines: lines.iter().map(line).collect() };
        match (total(&order), expected) {
            (Ok(total), Ok(expected)) => assert_eq!(total, Cents(expected)),
            (Err(OrderFault::Invalid(faults)), Err(expected)) => {
                let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
                assert_eq!(pointers, expected);
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn an_acceptable_order_has_a_total() {
        check("ann", &[("tea", 2, 450)], Ok(900));
        check("ann", &[("tea", 2, 450), ("sample", 1, 0)], Ok(900));
    }

    #[test]
    fn everything_wrong_with_an_order_is_said_at_once() {
        check(" ", &[], Err(&["/customer", "/lines"]));
        check("ann\0", &[("tea", 1, 1)], Err(&["/customer"]));
        check("ann", &[("tea", 0, 1)], Err(&["/lines/0/quantity"]));
        check("ann", &[("tea", 1, 1), ("", 1, -1)], Err(&["/lines/1/sku", "/lines/1/unit_price_cents"]));
    }

    #[test]
    fn a_total_that_cannot_be_counted_is_refused() {
        check("ann", &[("gold", 2, i64::MAX)], Err(&["/lines"]));
        check("ann", &[("gold", 1, i64::MAX), ("tea", 1, 1)], Err(&["/lines"]));
    }
}
