//! A circuit breaker: a target that fails is left alone for a while, then tried
//! with one call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// When a target that fails is left alone, and for how long.
///
/// Failures are calls that ended [`Unavailable`](crate::Kind::Unavailable) or
/// with a [`Timeout`](crate::Kind::Timeout). Every other answer, an error too,
/// shows that the target lives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "made with `..BreakerPolicy::default()`")]
pub struct BreakerPolicy {
    /// Opens after so many failures without a success between. Default: 5.
    pub consecutive: u32,
    /// Opens when this share of the calls in the [`window`](Self::window) failed.
    /// Default: 0.5.
    pub share: f64,
    /// How far back the share is counted. Default: 10 s.
    #[serde(with = "duration")]
    pub window: Duration,
    /// Fewest calls in the window of which a share is taken. Default: 20.
    pub calls: u32,
    /// How long it stays open. Default: 5 s. Then one call is let through: its
    /// success closes the breaker, its failure opens it anew.
    #[serde(with = "duration")]
    pub open: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            consecutive: 5,
            share: 0.5,
            window: Duration::from_secs(10),
            calls: 20,
            open: Duration::from_secs(5),
        }
    }
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// Lets all through.
    Closed,
    /// Lets none through.
    Open,
    /// Lets one through, to see.
    HalfOpen,
}

/// The breaker of one target.
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Since when it is not closed, and until when it is open.
    open_until: Option<Instant>,
    probing: bool,
    consecutive: u32,
    window: VecDeque<Slot>,
}

/// A tenth of the window.
#[derive(Debug)]
struct Slot {
    since: Instant,
    calls: u32,
    failures: u32,
}

const SLOTS: u32 = 10;

impl Breaker {
    pub(crate) fn new(policy: BreakerPolicy) -> Arc<Self> {
        let inner = Inner { open_until: None, probing: false, consecutive: 0, window: VecDeque::new() };
        Arc::new(Self { policy, inner: Mutex::new(inner) })
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.inner().open_until {
            None => BreakerState::Closed,
            Some(until) if Instant::now() < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Lets a call through, or says when to come back.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Passage, Duration> {
        let mut inner = self.inner();
        let Some(until) = inner.open_until else { return Ok(Passage::new(self, false)) };
        let left = until.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Err(left);
        }
        if inner.probing {
            return Err(self.policy.open.min(Duration::from_secs(1)));
        }
        inner.probing = true;
        Ok(Passage::new(self, true))
    }

    /// A call ended; true if that changed what becomes of the next.
    fn end(&self, probe: bool, failed: bool) -> bool {
        let mut inner = self.inner();
        match (inner.open_until, probe) {
            // A straggler from before it opened says nothing new.
            (Some(_), false) => false,
            (Some(_), true) if failed => {
                inner.open_until = Some(Instant::now() + self.policy.open);
                true
            }
            (Some(_), true) => {
                *inner = Inner { open_until: None, probing: false, consecutive: 0, window: VecDeque::new() };
                true
            }
            (None, _) => {
                let trips = inner.count(&self.policy, failed);
                if trips {
                    inner.open_until = Some(Instant::now() + self.policy.open);
                }
                trips
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Counts a call; true if it is one failure too many.
    fn count(&mut self, policy: &BreakerPolicy, failed: bool) -> bool {
        self.consecutive = if failed { self.consecutive.saturating_add(1) } else { 0 };
        let now = Instant::now();
        while self.window.front().is_some_and(|slot| slot.since + policy.window <= now) {
            self.window.pop_front();
        }
        if self.window.back().is_none_or(|slot| slot.since + policy.window / SLOTS <= now) {
            self.window.push_back(Slot { since: now, calls: 0, failures: 0 });
        }
        if let Some(slot) = self.window.back_mut() {
            slot.calls = slot.calls.saturating_add(1);
            slot.failures = slot.failures.saturating_add(u32::from(failed));
        }
        failed && (self.consecutive >= policy.consecutive || self.share_failed(policy))
    }

    fn share_failed(&self, policy: &BreakerPolicy) -> bool {
        let calls: u64 = self.window.iter().map(|slot| u64::from(slot.calls)).sum();
        let failures: u64 = self.window.iter().map(|slot| u64::from(slot.failures)).sum();
        #[expect(clippy::cast_precision_loss, reason = "a share of so many calls need not be exact")]
        let share = failures as f64 / calls.max(1) as f64;
        calls >= u64::from(policy.calls) && share >= policy.share
    }
}

/// A call that was let through.
#[derive(Debug)]
pub(crate) struct Passage {
    breaker: Arc<Breaker>,
    probe: bool,
}

impl Passage {
    fn new(breaker: &Arc<Breaker>, probe: bool) -> Self {
        Self { breaker: Arc::clone(breaker), probe }
    }

    /// How the call ended; the state if that changed it.
    pub(crate) fn end(self, failed: bool) -> Option<BreakerState> {
        self.breaker.end(self.probe, failed).then(|| self.breaker.state())
    }
}

/// A call that was given up says nothing, but the next may try.
impl Drop for Passage {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.inner().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Arc<Breaker> {
        Breaker::new(BreakerPolicy::default())
    }

    fn call(breaker: &Arc<Breaker>, failed: bool) {
        breaker.enter().expect("let through").end(failed);
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row() {
        let breaker = breaker();
        for failed in [true, true, true, true, false, true, true, true, true] {
            call(&breaker, failed);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        call(&breaker, true);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert_eq!(breaker.enter().expect_err("open"), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_when_a_share_of_the_calls_failed() {
        let breaker = breaker();
        for _ in 0..9 {
            call(&breaker, false);
            call(&breaker, true);
        }
        assert_eq!(breaker.state(), BreakerState::Closed, "18 calls are too few to tell");
        call(&breaker, false);
        call(&breaker, true);
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_long_ago_is_not_counted() {
        let breaker = breaker();
        for _ in 0..30 {
            call(&breaker, false);
            call(&breaker, true);
            tokio::time::advance(Duration::from_millis(1_500)).await;
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_is_let_through_to_see() {
        let breaker = breaker();
        for _ in 0..5 {
            call(&breaker, true);
        }
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        let probe = breaker.enter().expect("the one");
        breaker.enter().expect_err("a second");
        drop(probe);
        let probe = breaker.enter().expect("the one was given up");
        assert_eq!(probe.end(true), Some(BreakerState::Open));
        tokio::time::advance(Duration::from_secs(5)).await;
        let probe = breaker.enter().expect("the next");
        assert_eq!(probe.end(false), Some(BreakerState::Closed));
        for _ in 0..4 {
            call(&breaker, true);
        }
        assert_eq!(breaker.state(), BreakerState::Closed, "it begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_straggler_changes_nothing() {
        let breaker = breaker();
        let (early, late) = (breaker.enter().expect("closed"), breaker.enter().expect("closed"));
        for _ in 0..5 {
            call(&breaker, true);
        }
        assert_eq!((early.end(false), late.end(true)), (None, None));
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}
