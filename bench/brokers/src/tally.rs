//! What has come: how many, from when to when, and how late.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::rounds::rate;

/// Counts messages up to a goal.
pub(crate) struct Tally {
    began: Instant,
    goal: usize,
    count: AtomicUsize,
    first: OnceLock<Instant>,
    last: OnceLock<Instant>,
    late: Mutex<Vec<Duration>>,
    changed: Notify,
}

impl Tally {
    pub(crate) fn new(goal: usize) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            goal,
            count: AtomicUsize::new(0),
            first: OnceLock::new(),
            last: OnceLock::new(),
            late: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Nanoseconds since the beginning; zero stands for what is not timed.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).expect("a round does not take so long")
    }

    pub(crate) fn note(&self, at: u64) {
        if at > 0 {
            let late = self.began.elapsed().saturating_sub(Duration::from_nanos(at));
            self.late.lock().expect("nobody panics").push(late);
        }
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count == 1 {
            self.first.get_or_init(Instant::now);
            self.changed.notify_one();
        }
        if count == self.goal {
            self.last.get_or_init(Instant::now);
            self.changed.notify_one();
        }
    }

    /// Waits for the first one.
    pub(crate) async fn begun(&self) {
        while self.first.get().is_none() {
            self.changed.notified().await;
        }
    }

    /// Waits for the last one.
    pub(crate) async fn reached(&self) {
        while self.last.get().is_none() {
            self.changed.notified().await;
        }
    }

    /// How many came a second, from the first one to the last one.
    pub(crate) fn rate(&self) -> f64 {
        let (first, last) =
            (self.first.get().expect("it has begun"), self.last.get().expect("it is reached"));
        rate(self.goal, *last - *first)
    }

    /// How late those were that are timed.
    pub(crate) fn late(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.late.lock().expect("nobody panics"))
    }
}
