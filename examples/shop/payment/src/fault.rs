//! Why the slice refuses a message.

use anywise::FieldFault;
use anywise::prelude::*;
use anywise::sql::sqlx;
use shop_contracts::Cents;
use shop_contracts::order::OrderId;
use shop_contracts::payment::PaymentId;

use crate::gateway::Declined;

/// Why the slice refuses a message.
#[derive(Debug, Fault)]
pub(crate) enum PaymentFault {
    #[fault(
        kind = unprocessable,
        code = "payment.invalid",
        message = "the payment cannot be accepted as it is"
    )]
    Invalid(#[fields] Vec<FieldFault>),
    #[fault(kind = declined, code = "payment.declined", message = "the card was declined")]
    Declined { source: Declined },
    #[fault(
        kind = conflict,
        code = "payment.amount_mismatch",
        message = "order {order_id} costs {total}, not {amount}"
    )]
    AmountMismatch { order_id: OrderId, total: Cents, amount: Cents },
    #[fault(kind = conflict, code = "payment.already_paid", message = "order {0} is paid already")]
    AlreadyPaid(OrderId),
    #[fault(kind = conflict, code = "payment.order_cancelled", message = "order {0} is cancelled")]
    OrderCancelled(OrderId),
    #[fault(kind = not_found, code = "payment.not_found", message = "there is no payment {0}")]
    NotFound(PaymentId),
    #[fault(
        kind = unavailable,
        code = "payment.gateway_closed",
        message = "the card company is closed",
        detail = "no payments can be made at the moment"
    )]
    GatewayClosed,
    #[fault(transparent)]
    Store(sqlx::Error),
}

impl From<Declined> for PaymentFault {
    fn from(source: Declined) -> Self {
        Self::Declined { source }
    }
}
