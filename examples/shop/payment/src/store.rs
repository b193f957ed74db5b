//! Where the slice keeps its payments: in memory, for now.
//!
//! Each function here is one transaction: it holds the lock from what it reads
//! to what it writes, and never while anything is awaited.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anywise::prelude::*;
use shop_contracts::Cents;
use shop_contracts::order::OrderId;
use shop_contracts::payment::{PaymentId, PaymentStatus};

use crate::fault::PaymentFault;

/// A payment.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) order_id: OrderId,
    pub(crate) amount_cents: Cents,
    pub(crate) status: PaymentStatus,
}

/// The payments, by id and by order.
#[derive(Debug, Default)]
pub(crate) struct Payments(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    payments: HashMap<PaymentId, Payment>,
    /// At most one an order.
    by_order: HashMap<OrderId, PaymentId>,
}

/// Every application has payments of its own.
#[provide]
fn payments() -> Payments {
    Payments::default()
}

impl Payments {
    /// Keeps an order's one payment, if `charge` takes the money.
    ///
    /// The charge is made while the order is held, so that of two payments made
    /// at once only one is charged.
    pub(crate) fn settle(
        &self,
        order_id: &OrderId,
        amount_cents: Cents,
        charge: impl FnOnce() -> Result<(), PaymentFault>,
    ) -> Result<PaymentId, PaymentFault> {
        let mut book = self.lock();
        if book.by_order.contains_key(order_id) {
            return Err(PaymentFault::AlreadyPaid(order_id.clone()));
        }
        charge()?;
        let id = PaymentId::fresh();
        let status = PaymentStatus::Settled;
        book.payments.insert(id.clone(), Payment { order_id: order_id.clone(), amount_cents, status });
        book.by_order.insert(order_id.clone(), id.clone());
        Ok(id)
    }

    /// The payment as it is now.
    pub(crate) fn find(&self, id: &PaymentId) -> Result<Payment, PaymentFault> {
        self.lock().payments.get(id).cloned().ok_or_else(|| PaymentFault::NotFound(id.clone()))
    }

    /// The payment of an order, if it has one.
    pub(crate) fn of_order(&self, order_id: &OrderId) -> Option<PaymentId> {
        self.lock().by_order.get(order_id).cloned()
    }

    /// Gives a payment back: the order it was for, if that made a difference.
    pub(crate) fn refund(&self, id: &PaymentId) -> Result<Option<OrderId>, PaymentFault> {
        let mut book = self.lock();
        let payment = book.payments.get_mut(id).ok_or_else(|| PaymentFault::NotFound(id.clone()))?;
        if payment.status == PaymentStatus::Refunded {
            return Ok(None);
        }
        payment.status = PaymentStatus::Refunded;
        Ok(Some(payment.order_id.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // Only `charge` may panic under the lock, and nothing is changed before it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
