//! What the slice `notification` takes.

use anywise::Timestamp;
use anywise::prelude::*;

anywise::contract!("notification");

/// Asks what a customer was told, oldest first.
#[query(reply = Vec<Notification>, key = customer, http = "GET /notifications")]
#[derive(Clone, Debug)]
pub struct ListNotifications {
    /// Who.
    pub customer: String,
}

/// Something a customer was told.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}
