//! A broker as the figures see it: its bare client, and our transport. What is
//! measured, and in which order, is not here.

use std::sync::Arc;

use anywise::{ConsumePolicy, Transport};

use crate::ours::shop::Sold;
use crate::tally::Tally;

pub(crate) type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What the bare client writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    /// The body, and what the client needs.
    Plain,
    /// With the attributes that ours writes.
    Same,
}

/// What one writes without anywise, and how ours finds the same server.
pub(crate) trait Broker: Send + Sync + Sized + 'static {
    /// What [`Hand::Same`] is called, where the client has it.
    const SAME: Option<&'static str> = None;

    /// Whether the bare client consumes what ours published: the same queue for both.
    const SHARED: bool = false;

    /// The least of the bare client's rate that is consumed into a store.
    const STORE_BAR: Option<f64> = None;

    /// Connects, and makes what the client needs.
    async fn connect(url: &str, prefix: &str) -> Done<Self>;

    /// Our transport, a new one each time.
    fn transport(&self) -> Arc<dyn Transport>;

    /// How our application consumes.
    fn policy() -> ConsumePolicy {
        ConsumePolicy::default()
    }

    /// Publishes, and waits for the confirmation.
    async fn publish_one(&self, hand: Hand, event: &Sold) -> Done;

    /// Consumes so many with acknowledgements, and notes each in the tally.
    fn consume(&self, hand: Hand, tally: &Tally, count: usize) -> impl Future<Output = Done> + Send;

    /// Empties the queues of both sides.
    async fn purge(&self) -> Done;

    /// Removes everything that either side made.
    async fn delete(&self) -> Done;
}

/// A consumer by hand reads its messages, too.
pub(crate) fn read(body: &[u8]) -> Done<Sold> {
    Ok(serde_json::from_slice(body)?)
}
