//! What the slice does when it is asked.

use anywise::prelude::*;
use shop_contracts::notification::{ListNotifications, Notification};

use crate::store::Told;

/// Shows what a customer was told; nothing, for a customer nobody knows.
#[handler]
fn list_notifications(query: &ListNotifications, told: &Told) -> Vec<Notification> {
    told.to(&query.customer)
}
