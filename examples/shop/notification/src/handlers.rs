//! What the slice does when it is asked.

use anywise::prelude::*;
use anywise::sql::Any;
use shop_contracts::notification::{ListNotifications, Notification};

use crate::store;

/// Shows what a customer was told; nothing, for a customer nobody knows.
#[handler]
async fn list_notifications(query: &ListNotifications, reader: &Reader<Any>) -> Result<Vec<Notification>> {
    Ok(store::told(reader, &query.customer).await?)
}
