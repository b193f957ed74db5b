//! Why the slice refuses a message.

use anywise::FieldFault;
use anywise::prelude::*;
use anywise::sql::sqlx;
use shop_contracts::order::OrderId;

/// Why the slice refuses a message.
#[derive(Debug, Fault)]
pub(crate) enum OrderFault {
    #[fault(kind = unprocessable, code = "order.invalid", message = "the order cannot be accepted as it is")]
    Invalid(#[fields] Vec<FieldFault>),
    #[fault(kind = not_found, code = "order.not_found", message = "there is no order {0}")]
    NotFound(OrderId),
    #[fault(kind = conflict, code = "order.cancelled", message = "order {0} is cancelled")]
    Cancelled(OrderId),
    #[fault(kind = conflict, code = "order.confirmed", message = "order {0} is confirmed")]
    Confirmed(OrderId),
    #[fault(transparent)]
    Store(sqlx::Error),
}
