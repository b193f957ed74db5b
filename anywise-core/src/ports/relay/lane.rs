//! The room one target has in this process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::{Notify, Semaphore};

use crate::app::{Inner, REMOTE, SINK};
use crate::ports::store::claim::{Claimed, Want};

/// The room of one target: how many of its deliveries run, and are held.
pub(crate) struct Lane {
    target: String,
    /// Runs of its function.
    pub(crate) runs: Semaphore,
    held: AtomicU32,
    most: u32,
    /// There was more to claim than there was room.
    more: AtomicBool,
    freed: Arc<Notify>,
}

impl Lane {
    fn new(target: String, concurrency: u32, held: u32, freed: &Arc<Notify>) -> Self {
        Self {
            target,
            runs: Semaphore::new(concurrency as usize),
            held: AtomicU32::new(0),
            most: held.max(concurrency),
            more: AtomicBool::new(false),
            freed: Arc::clone(freed),
        }
    }

    fn want(&self) -> Option<Want> {
        let room = self.most.saturating_sub(self.held.load(Ordering::SeqCst));
        (room > 0).then(|| Want { target: self.target.clone(), most: room })
    }

    /// Gives the room of one delivery back.
    pub(crate) fn leave(&self) {
        let held = self.held.fetch_sub(1, Ordering::SeqCst) - 1;
        // Half empty: worth another claim, not one for each delivery.
        if held <= self.most / 2 && self.more.swap(false, Ordering::SeqCst) {
            self.freed.notify_one();
        }
    }
}

/// The lanes of an application: one for each function and sink that
/// deliveries can go to.
pub(crate) struct Lanes {
    lanes: HashMap<String, Arc<Lane>>,
    freed: Arc<Notify>,
}

impl Lanes {
    pub(crate) fn of(app: &Inner) -> Self {
        let freed = Arc::new(Notify::new());
        let policy = app.relay;
        let mut lanes = HashMap::new();
        let mut add = |target: String, concurrency: u32| {
            let lane = Lane::new(target.clone(), concurrency, policy.held, &freed);
            lanes.insert(target, Arc::new(lane));
        };
        for row in app.table.iter().flatten() {
            let handler = row.handler.is_some().then_some(&row.plan);
            for plan in row.listening.iter().chain(handler) {
                add(plan.entry.id().to_owned(), plan.entry.concurrency.unwrap_or(policy.concurrency));
            }
        }
        for sink in &app.sinks {
            // Nothing runs here while a broker takes its time.
            add(format!("{SINK}{}", sink.name()), policy.concurrency.max(policy.held));
        }
        for consumer in &app.consumers {
            add(consumer.target(), policy.concurrency);
        }
        if let Some(remote) = &app.remote {
            let elsewhere = crate::registry::registry().names();
            for name in elsewhere.filter(|name| remote.reaches(name)) {
                add(format!("{REMOTE}{name}"), policy.concurrency);
            }
        }
        Self { lanes, freed }
    }

    /// Has the store asked again.
    pub(crate) fn wake(&self) {
        self.freed.notify_one();
    }

    /// What there is room for.
    pub(crate) fn wants(&self) -> Vec<Want> {
        self.lanes.values().filter_map(|lane| lane.want()).collect()
    }

    /// Takes the room of one claimed delivery.
    pub(crate) fn enter(&self, claimed: &Claimed) -> Option<Arc<Lane>> {
        let lane = self.lanes.get(&claimed.delivery.target)?;
        lane.held.fetch_add(1, Ordering::SeqCst);
        Some(Arc::clone(lane))
    }

    /// Notes which lanes were given all they wanted: there may be more.
    pub(crate) fn note(&self, wants: &[Want], claimed: &[Claimed]) {
        let mut counts: HashMap<&str, u32> = HashMap::new();
        for one in claimed {
            *counts.entry(one.delivery.target.as_str()).or_default() += 1;
        }
        for want in wants {
            if counts.get(want.target.as_str()).is_some_and(|count| *count >= want.most)
                && let Some(lane) = self.lanes.get(&want.target)
            {
                lane.more.store(true, Ordering::SeqCst);
            }
        }
    }

    /// Waits until a lane that was full has room again.
    pub(crate) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Whether deliveries to `target` are taken here.
    pub(crate) fn knows(&self, target: &str) -> bool {
        self.lanes.contains_key(target)
    }
}
