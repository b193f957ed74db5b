//! What an application tells about its deliveries, for metrics.
//!
//! An [`Observer`] is told after the fact and changes nothing. Where the numbers
//! go is its business.

use std::time::Duration;

use crate::ports::store::delivery::Depth;
use crate::ports::store::outcome::Outcome;

/// Is told how deliveries end, and how many wait.
///
/// It is called on the way of every delivery: it counts, and returns at once.
///
/// # Examples
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use anywise_core::{App, Depth, MemoryStore, Observer, Outcome, Settled};
///
/// #[derive(Default)]
/// struct Metrics {
///     done: AtomicU64,
///     failed: AtomicU64,
///     waiting: AtomicU64,
/// }
///
/// impl Observer for Metrics {
///     fn settled(&self, settled: &Settled<'_>) {
///         let counter = if matches!(settled.outcome, Outcome::Done(_)) { &self.done } else { &self.failed };
///         counter.fetch_add(1, Ordering::Relaxed);
///     }
///
///     fn depth(&self, depths: &[Depth]) {
///         self.waiting.store(depths.iter().map(Depth::unsettled).sum(), Ordering::Relaxed);
///     }
/// }
///
/// App::builder().store(MemoryStore::new()).observe(Metrics::default());
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A delivery was settled by this process.
    ///
    /// Not told of are deliveries whose end this process does not know: their
    /// claim was lost, or the outcome of their commit is unknown.
    fn settled(&self, settled: &Settled<'_>) {
        let _ = settled;
    }

    /// What waits in the store, by target, from time to time
    /// ([`RelayPolicy::observe`](crate::RelayPolicy::observe)).
    fn depth(&self, depths: &[Depth]) {
        let _ = depths;
    }
}

/// How one attempt at a delivery ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Settled<'a> {
    /// Where it went.
    pub target: &'a str,
    /// The message, by wire name.
    pub message: &'a str,
    /// Attempts begun, with this one.
    pub attempts: u32,
    /// How long the attempt took, with its commit.
    pub took: Duration,
    /// How it ended.
    pub outcome: &'a Outcome,
}
