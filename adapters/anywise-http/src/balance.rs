//! Which instance of a target is asked: the next one that is not skipped.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anywise_core::{Instance, Instances};
use http::uri::Authority;
use tokio::time::Instant;

/// Answers that did not come in a row, after which an instance is skipped.
const PATIENCE: u32 = 3;

/// The instances of a target, and what is known of each.
#[derive(Debug)]
pub(crate) struct Balance {
    instances: Instances,
    skip: Duration,
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    of: Option<Arc<[Instance]>>,
    all: Vec<Arc<Seat>>,
    next: usize,
}

/// One instance.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) authority: Authority,
    silent: AtomicU32,
    skipped: Mutex<Option<Instant>>,
    skip: Duration,
}

impl Balance {
    pub(crate) fn new(instances: Instances, skip: Duration) -> Self {
        Self { instances, skip, seats: Mutex::default() }
    }

    /// Waits until some instance is known, for at most so long.
    pub(crate) async fn wait(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.instances.clone().some()).await;
    }

    /// The instance whose turn it is, but for those that were tried.
    pub(crate) fn pick(&self, tried: &[Arc<Seat>]) -> Option<Arc<Seat>> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.follow(self.instances.now(), self.skip);
        let (count, first) = (seats.all.len(), seats.next);
        let turn = (0..count).map(|step| (first + step) % count);
        let free = turn.filter(|at| !tried.iter().any(|seat| Arc::ptr_eq(seat, &seats.all[*at])));
        // Those that are not skipped are the first to have been.
        let at = free.min_by_key(|at| seats.all[*at].skipped_until())?;
        seats.next = (at + 1) % count;
        Some(Arc::clone(&seats.all[at]))
    }
}

impl Seats {
    /// Takes over what has changed; what is known of an instance stays known.
    fn follow(&mut self, now: Option<Arc<[Instance]>>, skip: Duration) {
        let same = match (&self.of, &now) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (_, None) => true,
            (None, Some(_)) => false,
        };
        if same {
            return;
        }
        let old = std::mem::take(&mut self.all);
        for instance in now.iter().flat_map(|all| all.iter()) {
            let Ok(authority) = instance.address.parse::<Authority>() else {
                tracing::warn!(address = instance.address, "no address of an instance");
                continue;
            };
            let known = old.iter().find(|seat| seat.authority == authority);
            self.all.push(known.cloned().unwrap_or_else(|| Arc::new(Seat::new(authority, skip))));
        }
        self.next %= self.all.len().max(1);
        self.of = now;
    }
}

impl Seat {
    fn new(authority: Authority, skip: Duration) -> Self {
        Self { authority, silent: AtomicU32::new(0), skipped: Mutex::new(None), skip }
    }

    /// Until when it is skipped; `None` sorts first.
    fn skipped_until(&self) -> Option<Instant> {
        let skipped = *self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        skipped.filter(|until| *until > Instant::now())
    }

    /// It answered, whatever it said.
    fn answered(&self) {
        self.silent.store(0, Ordering::Relaxed);
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// It is skipped for a while.
    fn refused(&self) {
        tracing::info!(instance = %self.authority, "an instance is skipped for a while");
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + self.skip);
    }

    fn kept_silent(&self) {
        if self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
            self.silent.store(0, Ordering::Relaxed);
            self.refused();
        }
    }
}

/// A call to an instance. One that is dropped was not answered.
#[derive(Debug)]
pub(crate) struct Asking {
    seat: Option<Arc<Seat>>,
}

impl Asking {
    pub(crate) fn new(seat: &Arc<Seat>) -> Self {
        Self { seat: Some(Arc::clone(seat)) }
    }

    pub(crate) fn answered(mut self) {
        self.seat.take().inspect(|seat| seat.answered());
    }

    pub(crate) fn refused(mut self) {
        self.seat.take().inspect(|seat| seat.refused());
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.seat.take().inspect(|seat| seat.kept_silent());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(names: &[&str]) -> (anywise_core::InstancesSender, Balance) {
        let (sender, instances) = Instances::channel();
        sender.tell(names.iter().map(|name| Instance::new(*name)));
        (sender, Balance::new(instances, Duration::from_secs(5)))
    }

    fn picked(balance: &Balance, count: usize) -> String {
        let name = || balance.pick(&[]).map_or("-".to_owned(), |seat| seat.authority.to_string());
        (0..count).map(|_| name()).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test(start_paused = true)]
    async fn each_has_its_turn() {
        let (sender, balance) = balance(&["a", "b", "c"]);
        assert_eq!(picked(&balance, 5), "a b c a b");
        sender.tell([Instance::new("a"), Instance::new("b"), Instance::new("c"), Instance::new("d")]);
        assert_eq!(picked(&balance, 4), "c d a b");
        sender.tell([Instance::new("b"), Instance::new("not an address")]);
        assert_eq!(picked(&balance, 2), "b b");
        sender.tell([]);
        assert_eq!(picked(&balance, 1), "-");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_refuses_is_skipped_for_a_while() {
        let (sender, balance) = balance(&["a", "b", "c"]);
        Asking::new(&balance.pick(&[]).expect("a")).refused();
        assert_eq!(picked(&balance, 4), "b c b c");
        sender.tell([Instance::new("a"), Instance::new("b"), Instance::new("x")]);
        assert!(!picked(&balance, 4).contains('a'), "it is the same instance");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(picked(&balance, 3).contains('a'));
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_skipped_the_first_that_was_is_asked() {
        let (_sender, balance) = balance(&["a", "b"]);
        for _ in 0..2 {
            Asking::new(&balance.pick(&[]).expect("one")).refused();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(picked(&balance, 2), "a a");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_keeps_silent_is_skipped_after_three_times_in_a_row() {
        let (_sender, balance) = balance(&["a", "b"]);
        let ask = || Asking::new(&balance.pick(&[]).expect("one"));
        for _ in 0..2 {
            drop(ask());
            ask().answered();
        }
        assert_eq!(picked(&balance, 2), "a b");
        drop(ask());
        assert_eq!(picked(&balance, 2), "b b");
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_asks_each_once() {
        let (_sender, balance) = balance(&["a", "b"]);
        let mut tried = Vec::new();
        while let Some(seat) = balance.pick(&tried) {
            tried.push(seat);
        }
        assert_eq!(tried.len(), 2);
    }
}
