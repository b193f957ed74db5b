//! What the two ends of one connection, the byte stream below hyper and the
//! service above it, know of each other.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::problem::Problem;

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    born: Instant,
    in_flight: AtomicUsize,
    /// Milliseconds from birth to the end of the last reply.
    quiet: AtomicU64,
    served: AtomicBool,
    idle: AtomicBool,
    upgraded: AtomicBool,
    refusal: Mutex<Option<Problem>>,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            born: Instant::now(),
            in_flight: AtomicUsize::new(0),
            quiet: AtomicU64::new(0),
            served: AtomicBool::new(false),
            idle: AtomicBool::new(false),
            upgraded: AtomicBool::new(false),
            refusal: Mutex::new(None),
        }
    }

    /// Counts a request until its reply is written or given up.
    pub(crate) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        self.served.store(true, Ordering::Release);
        InFlight(Arc::clone(self))
    }

    /// When the connection has had nothing to do for too long; `None` while it works.
    pub(crate) fn idle_deadline(&self, first: Duration, idle: Duration) -> Option<Instant> {
        if self.in_flight.load(Ordering::Acquire) > 0 {
            return None;
        }
        if !self.served.load(Ordering::Acquire) {
            return Some(self.born + first);
        }
        Some(self.born + Duration::from_millis(self.quiet.load(Ordering::Acquire)) + idle)
    }

    /// Asks the connection's task to say goodbye.
    pub(crate) fn set_idle(&self) {
        self.idle.store(true, Ordering::Release);
    }

    pub(crate) fn take_idle(&self) -> bool {
        self.idle.load(Ordering::Acquire) && self.idle.swap(false, Ordering::AcqRel)
    }

    /// From now on the bytes are no longer HTTP.
    pub(crate) fn upgrade(&self) {
        self.upgraded.store(true, Ordering::Release);
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Acquire)
    }

    /// Leaves the answer to a request that hyper never sees.
    pub(crate) fn refuse(&self, problem: Problem) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }

    pub(crate) fn take_refusal(&self) -> Option<Problem> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A request in flight on a [`Link`].
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Link>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let quiet = u64::try_from(self.0.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.quiet.store(quiet, Ordering::Release);
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}
