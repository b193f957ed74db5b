//! Where the slice keeps what it told: in memory, for now.
//!
//! Each function here is one transaction: it holds the lock from what it reads
//! to what it writes, and never while anything is awaited.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anywise::Timestamp;
use anywise::prelude::*;
use shop_contracts::notification::Notification;
use shop_contracts::order::OrderId;

/// What customers were told.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    by_customer: HashMap<String, Vec<Notification>>,
    /// What was told about each order: nothing is told twice.
    topics: HashSet<(OrderId, Topic)>,
}

/// What can be told about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    Confirmed,
    Cancelled,
}

/// Every application has notifications of its own.
#[provide]
fn told() -> Told {
    Told::default()
}

impl Told {
    /// Tells a customer about an order, if that was not done before.
    pub(crate) fn tell(&self, customer: &str, order_id: &OrderId, topic: Topic, text: String) {
        let mut book = self.lock();
        if book.topics.insert((order_id.clone(), topic)) {
            let notification = Notification { at: Timestamp::now(), text };
            book.by_customer.entry(customer.to_owned()).or_default().push(notification);
        }
    }

    /// What a customer was told, oldest first.
    pub(crate) fn to(&self, customer: &str) -> Vec<Notification> {
        self.lock().by_customer.get(customer).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // Nothing panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
