//! Where the slice keeps its orders: in memory, for now.
//!
//! Each function here is one transaction: it holds the lock from what it reads
//! to what it writes, and never while anything is awaited.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anywise::prelude::*;
use shop_contracts::order::OrderId;

use crate::fault::OrderFault;
use crate::order::Order;

/// The orders, by id.
#[derive(Debug, Default)]
pub(crate) struct Orders(Mutex<HashMap<OrderId, Order>>);

/// Every application has orders of its own.
#[provide]
fn orders() -> Orders {
    Orders::default()
}

impl Orders {
    /// Keeps a new order.
    pub(crate) fn insert(&self, order: Order) -> OrderId {
        let id = OrderId::fresh();
        self.lock().insert(id.clone(), order);
        id
    }

    /// The order as it is now.
    pub(crate) fn find(&self, id: &OrderId) -> Result<Order, OrderFault> {
        self.lock().get(id).cloned().ok_or_else(|| OrderFault::NotFound(id.clone()))
    }

    /// Changes the order, and hands on what the change says together with the
    /// order as it then is.
    pub(crate) fn change<R>(
        &self,
        id: &OrderId,
        change: impl FnOnce(&mut Order) -> R,
    ) -> Result<(R, Order), OrderFault> {
        let mut orders = self.lock();
        let order = orders.get_mut(id).ok_or_else(|| OrderFault::NotFound(id.clone()))?;
        Ok((change(order), order.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrderId, Order>> {
        // No change can leave an order half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
