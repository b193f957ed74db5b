//! What the slice does when it is asked.

use anywise::FieldFault;
use anywise::prelude::*;
use shop_contracts::inventory::{GetStock, ReserveStock, SetStock, StockLevel, StockReserved};

use crate::fault::StockFault;
use crate::store::{Answer, Stock};

/// Takes note of what was counted.
#[handler]
fn set_stock(cmd: SetStock, stock: &Stock) -> Result<StockLevel, StockFault> {
    match cmd.sku.flaw() {
        None => stock.set(cmd.sku, cmd.on_hand),
        Some(flaw) => Err(StockFault::Invalid(vec![FieldFault::new("path.sku", flaw)])),
    }
}

/// Shows how many of something there are.
#[handler]
fn get_stock(query: GetStock, stock: &Stock) -> Result<StockLevel, StockFault> {
    stock.level(query.sku)
}

/// Reserves for an order on request.
#[handler]
fn reserve_stock(
    cmd: ReserveStock,
    stock: &Stock,
    events: &mut Events<(StockReserved,)>,
) -> Result<(), StockFault> {
    match stock.reserve(&cmd.order_id, &cmd.lines) {
        Answer::Reserved(_) => events.publish(StockReserved { order_id: cmd.order_id }),
        Answer::Short(sku) => return Err(StockFault::Short(sku)),
        Answer::Cancelled => return Err(StockFault::OrderCancelled(cmd.order_id)),
    }
    Ok(())
}
