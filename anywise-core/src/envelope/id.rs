//! Ids that sort by the time they were made.

use uuid::Uuid;

/// A new id: a UUID of version 7 (RFC 9562).
///
/// Ids made later sort later, so that they are also good database keys.
///
/// # Examples
/// ```
/// let (first, second) = (anywise_core::new_id(), anywise_core::new_id());
/// assert!(first < second);
/// ```
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
