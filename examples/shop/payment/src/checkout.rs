//! The whole journey of an order in one command.
//!
//! It stands in this slice because the commands it sends go to `order` and
//! `inventory`, which this slice asks anyway: from `order` it would make the
//! two slices wait for each other.

use anywise::prelude::*;
use shop_contracts::inventory::{ReserveStock, StockLine};
use shop_contracts::order::{CancelOrder, ConfirmOrder, GetOrder, OrderId, PlaceOrder};
use shop_contracts::payment::{CardToken, CheckedOut, Checkout, CreatePayment, PaymentId, RefundPayment};

/// The steps, and the two that undo them.
type Steps = Commands<(PlaceOrder, CreatePayment, ReserveStock, ConfirmOrder, RefundPayment, CancelOrder)>;

/// Places, pays, reserves and confirms; when a step fails, undoes those before
/// it and answers why it failed.
///
/// Each step is a transaction of its own, in its own slice; this function holds
/// none. It remembers its steps only while it runs. If the process dies halfway,
/// an order that is not paid stays pending, and one that is paid is confirmed or
/// refunded by the choreography. A later version keeps a journal and goes on
/// where it was.
#[handler(timeout = "30s")]
async fn checkout(cmd: Checkout, steps: Steps, queries: Queries<(GetOrder,)>) -> Result<CheckedOut> {
    let stock = cmd.lines.iter().map(StockLine::from).collect();
    let order = PlaceOrder { customer: cmd.customer, lines: cmd.lines };
    let order_id = steps.send(order).await?.order_id;

    let payment_id = match pay(&steps, &queries, &order_id, cmd.card).await {
        Ok(payment_id) => payment_id,
        Err(failed) => return Err(undone(failed, steps.send(CancelOrder { order_id }).await)),
    };
    match confirm(&steps, &order_id, &payment_id, stock).await {
        Ok(()) => Ok(CheckedOut { order_id, payment_id }),
        Err(failed) => Err(undone(failed, refund(&steps, order_id, payment_id).await)),
    }
}

async fn pay(
    steps: &Steps,
    queries: &Queries<(GetOrder,)>,
    order_id: &OrderId,
    card: CardToken,
) -> Result<PaymentId> {
    let order = queries.ask(GetOrder { order_id: order_id.clone() }).await?;
    let payment = CreatePayment { order_id: order.order_id, amount_cents: order.total_cents, card };
    Ok(steps.send(payment).await?.payment_id)
}

async fn confirm(
    steps: &Steps,
    order_id: &OrderId,
    payment_id: &PaymentId,
    lines: Vec<StockLine>,
) -> Result<()> {
    steps.send(ReserveStock { order_id: order_id.clone(), lines }).await?.complete()?;
    let confirm = ConfirmOrder { order_id: order_id.clone(), payment_id: payment_id.clone() };
    steps.send(confirm).await
}

async fn refund(steps: &Steps, order_id: OrderId, payment_id: PaymentId) -> Result<()> {
    steps.send(RefundPayment { payment_id }).await?;
    steps.send(CancelOrder { order_id }).await
}

/// Why the checkout failed; worse, if it could not be undone.
fn undone(failed: Error, undo: Result<()>) -> Error {
    match undo {
        Ok(()) => failed,
        Err(undo) => Error::new(
            Kind::Internal,
            "payment.checkout_not_undone",
            format!("{failed}; undoing the checkout failed: {undo}"),
        ),
    }
}
