//! What the slice does when it is asked.

use anywise::FieldFault;
use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::inventory::{GetStock, Reservation, ReserveStock, SetStock, StockLevel, StockReserved};

use crate::fault::StockFault;
use crate::store::{self, Answer};

/// Takes note of what was counted.
#[handler]
async fn set_stock(cmd: SetStock, tx: &mut Tx<Any>) -> Result<StockLevel, StockFault> {
    match cmd.sku.flaw() {
        None => store::set(tx, cmd.sku, cmd.on_hand).await,
        Some(flaw) => Err(StockFault::Invalid(vec![FieldFault::new("path.sku", flaw)])),
    }
}

/// Shows how many of something there are.
#[handler]
async fn get_stock(query: GetStock, reader: &Reader<Any>) -> Result<StockLevel, StockFault> {
    store::level(reader, query.sku).await
}

/// Reserves for an order on request.
///
/// That there is too little is a reply and not an error: an error would undo
/// that it was written down, and the order could be told something else later.
#[handler]
async fn reserve_stock(
    cmd: ReserveStock,
    tx: &mut Tx<Any>,
    events: &mut Events<(StockReserved,)>,
) -> Result<Reservation, StockFault> {
    match store::reserve(tx, &cmd.order_id, &cmd.lines).await? {
        Answer::Reserved => {
            events.publish(StockReserved { order_id: cmd.order_id });
            Ok(Reservation::Reserved)
        }
        Answer::Short(sku) => Ok(Reservation::Short { sku }),
        Answer::Cancelled => Err(StockFault::OrderCancelled(cmd.order_id)),
    }
}
