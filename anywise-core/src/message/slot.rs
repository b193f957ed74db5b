//! The number of a message type: how a typed `send` finds its table row without
//! hashing.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The process-wide number of a message type.
///
/// Numbers are handed out once, at the first look at the link-time entries;
/// every application's table is indexed by them.
#[derive(Debug)]
pub struct Slot {
    number: AtomicUsize,
}

impl Slot {
    /// A slot without a number.
    #[expect(clippy::new_without_default, reason = "slots are statics")]
    pub const fn new() -> Self {
        Self { number: AtomicUsize::new(0) }
    }

    /// The number, counted from 1; 0 when none was handed out yet.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.number.load(Ordering::Relaxed)
    }

    /// Hands out a number to a slot that has none.
    pub(crate) fn assign(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        if self.number() == 0 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            // Lost races waste a number, which costs one empty table row.
            let _ = self.number.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        }
        self.number()
    }
}
