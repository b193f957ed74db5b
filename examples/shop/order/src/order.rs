//! The life of one order, without its storage: what may follow what.
//!
//! Every change can be asked for twice, and in any order: messages are
//! delivered at least once, and those of a checkout overtake those of the
//! choreography. A change says whether it made a difference, so that only the
//! first is told to others.

use shop_contracts::Cents;
use shop_contracts::inventory::StockLine;
use shop_contracts::order::{OrderLine, OrderStatus};
use shop_contracts::payment::PaymentId;

/// An order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) customer: String,
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) total_cents: Cents,
    pub(crate) status: OrderStatus,
    pub(crate) payment_id: Option<PaymentId>,
}

/// What a payment meant to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paid {
    /// The order was waiting for it.
    Now,
    /// The order knew it already.
    Before,
    /// The order does not want it; it must be given back.
    Unwanted,
}

impl Order {
    /// An order that waits to be paid.
    pub(crate) fn new(customer: String, lines: Vec<OrderLine>, total_cents: Cents) -> Self {
        Self { customer, lines, total_cents, status: OrderStatus::Pending, payment_id: None }
    }

    /// Takes note of a settled payment.
    pub(crate) fn pay(&mut self, payment: &PaymentId) -> Paid {
        let known = self.payment_id.get_or_insert_with(|| payment.clone());
        match self.status {
            _ if known != payment => Paid::Unwanted,
            OrderStatus::Pending => {
                self.status = OrderStatus::Paid;
                Paid::Now
            }
            OrderStatus::Paid | OrderStatus::Confirmed => Paid::Before,
            OrderStatus::Cancelled => Paid::Unwanted,
        }
    }

    /// Confirms a paid order whose stock is reserved.
    pub(crate) fn reserve(&mut self) -> bool {
        self.advance(self.status == OrderStatus::Paid, OrderStatus::Confirmed)
    }

    /// Confirms an order, whether or not it has heard of its payment.
    pub(crate) fn confirm(&mut self, payment: &PaymentId) -> bool {
        let open = self.is_open();
        if open {
            self.payment_id.get_or_insert_with(|| payment.clone());
        }
        self.advance(open, OrderStatus::Confirmed)
    }

    /// Cancels an order that is not confirmed.
    pub(crate) fn cancel(&mut self) -> bool {
        self.advance(self.is_open(), OrderStatus::Cancelled)
    }

    /// Cancels the order whose payment was given back, confirmed or not.
    pub(crate) fn refund(&mut self, payment: &PaymentId) -> bool {
        let ours = self.payment_id.get_or_insert_with(|| payment.clone()) == payment;
        self.advance(ours && self.status != OrderStatus::Cancelled, OrderStatus::Cancelled)
    }

    /// The payment to give back when there is no stock for the order.
    pub(crate) fn refundable(&self) -> Option<PaymentId> {
        self.payment_id.clone().filter(|_| self.status == OrderStatus::Paid)
    }

    /// What must be reserved.
    pub(crate) fn stock(&self) -> Vec<StockLine> {
        self.lines.iter().map(StockLine::from).collect()
    }

    fn is_open(&self) -> bool {
        matches!(self.status, OrderStatus::Pending | OrderStatus::Paid)
    }

    fn advance(&mut self, allowed: bool, to: OrderStatus) -> bool {
        if allowed {
            self.status = to;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order::new("ann".to_owned(), Vec::new(), Cents::ZERO)
    }

    fn payment(id: &str) -> PaymentId {
        PaymentId(id.to_owned())
    }

    #[test]
    fn paid_and_reserved_is_confirmed_once() {
        let mut order = order();
        assert_eq!(order.pay(&payment("p")), Paid::Now);
        assert_eq!(order.pay(&payment("p")), Paid::Before);
        assert!(order.reserve());
        assert!(!order.reserve());
        assert!(!order.confirm(&payment("p")));
        assert_eq!(order.status, OrderStatus::Confirmed);
    }

    #[test]
    fn stock_does_not_confirm_what_is_not_paid() {
        let mut order = order();
        assert!(!order.reserve());
        assert_eq!(order.status, OrderStatus::Pending);
    }

    #[test]
    fn a_payment_after_the_cancellation_is_unwanted() {
        let mut order = order();
        assert!(order.cancel());
        assert_eq!(order.pay(&payment("late")), Paid::Unwanted);
        assert_eq!(order.status, OrderStatus::Cancelled);
    }

    #[test]
    fn a_second_payment_is_unwanted_and_its_refund_changes_nothing() {
        let mut order = order();
        order.pay(&payment("p"));
        assert_eq!(order.pay(&payment("q")), Paid::Unwanted);
        assert!(!order.refund(&payment("q")));
        assert_eq!(order.status, OrderStatus::Paid);
    }

    #[test]
    fn a_confirmed_order_is_cancelled_only_by_its_refund() {
        let mut order = order();
        assert!(order.confirm(&payment("p")));
        assert!(!order.cancel());
        assert!(order.refund(&payment("p")));
        assert!(!order.refund(&payment("p")));
        assert_eq!(order.status, OrderStatus::Cancelled);
    }
}
