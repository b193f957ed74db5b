//! Why the slice refuses a message.

use anywise::FieldFault;
use anywise::prelude::*;
use anywise::sql::sqlx;
use shop_contracts::inventory::Sku;
use shop_contracts::order::OrderId;

/// Why the slice refuses a message.
#[derive(Debug, Fault)]
pub(crate) enum StockFault {
    #[fault(kind = unprocessable, code = "inventory.invalid", message = "the stock cannot be set")]
    Invalid(#[fields] Vec<FieldFault>),
    #[fault(kind = not_found, code = "inventory.unknown_sku", message = "there was never any `{0}`")]
    UnknownSku(Sku),
    #[fault(
        kind = conflict,
        code = "inventory.below_reserved",
        message = "{reserved} of `{sku}` are reserved, so that {on_hand} on hand are too few"
    )]
    BelowReserved { sku: Sku, reserved: u32, on_hand: u32 },
    #[fault(kind = conflict, code = "inventory.order_cancelled", message = "order {0} is cancelled")]
    OrderCancelled(OrderId),
    #[fault(transparent)]
    Store(sqlx::Error),
}
