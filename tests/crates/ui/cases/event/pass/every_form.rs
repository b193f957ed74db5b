//! Events.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::Message;
use anywise::prelude::*;

/// Money has moved.
#[event(name = "Settled", version = 3, aliases("payment.Done"), key = order_id)]
pub struct PaymentSettled {
    /// What for.
    pub order_id: u64,
}

/// A tick of this process.
#[event(local)]
pub struct Ticked(pub std::time::Instant);

fn main() {
    assert_eq!(PaymentSettled { order_id: 5 }.key().as_deref(), Some("5"));
}
