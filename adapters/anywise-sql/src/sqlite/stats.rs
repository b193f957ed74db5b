//! What the writer counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the writer has done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteStats {
    /// Transactions committed; each is one write to the disk.
    pub commits: u64,
    /// Requests served: batches, settlements, claims, transactions of handlers.
    pub requests: u64,
    /// Rounds that were rolled back.
    pub rollbacks: u64,
    /// Transactions of handlers that took the write slot.
    pub slots: u64,
    /// Of these, how many held it for more than 50 ms.
    pub long_holds: u64,
    /// Of these, how many had to give it back by force.
    pub revoked: u64,
    /// Checkpoints of the write-ahead log.
    pub checkpoints: u64,
}

macro_rules! counters {
    ($($name:ident)*) => {
        /// The same, while it is counted.
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: AtomicU64,)*
        }

        impl Counters {
            pub(super) fn read(&self) -> SqliteStats {
                SqliteStats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters!(commits requests rollbacks slots long_holds revoked checkpoints);

/// Counts one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
