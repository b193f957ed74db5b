//! Many at the same time change nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anywise_core::{Claimed, Outcome, Settlement, Store};

use crate::trial::{TARGET, Trial, appending, eventually, keyed, label, message, wanted};

const WORKERS: usize = 8;

/// The stores of several workers: of two processes, if the store is shared.
async fn stores(trial: &Trial) -> Vec<Arc<dyn Store>> {
    let companion = trial.companion().await;
    let handles = [trial.store().clone(), companion.store().clone()];
    (0..WORKERS).map(|n| handles[n % 2].clone()).collect()
}

async fn all<T: Send + 'static>(work: impl IntoIterator<Item = tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::new();
    for one in work.into_iter().collect::<Vec<_>>() {
        results.push(one.await.expect("it does not panic"));
    }
    results
}

pub(super) async fn many_committers_lose_nothing(trial: Trial) {
    let stores = stores(&trial).await;
    let committing = (0..50).map(|n| {
        let store = Arc::clone(&stores[n % WORKERS]);
        tokio::spawn(async move {
            for m in 0..10 {
                let deliveries =
                    [message(&format!("{n}-{m}-a")), keyed(&format!("{n}-{m}-b"), &n.to_string())];
                store.commit(appending(deliveries)).await.expect("a batch is committed");
            }
        })
    });
    all(committing).await;
    let seen = trial.drain(TARGET).await;
    assert_eq!(seen.len(), 1_000, "how many deliveries of 50 committers were kept");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 1_000, "each of them once");
    for n in 0..50 {
        let of_one: Vec<_> =
            seen.iter().filter(|label| label.starts_with(&format!("{n}-")) && label.ends_with('b')).collect();
        let expected: Vec<_> = (0..10).map(|m| format!("{n}-{m}-b")).collect();
        assert!(
            of_one.iter().map(|label| label.as_str()).eq(expected.iter()),
            "those of key {n} in their order: {of_one:?}"
        );
    }
}

pub(super) async fn claimers_never_share_a_delivery(trial: Trial) {
    let stores = stores(&trial).await;
    let expected: BTreeSet<_> = (0..400).map(|n| format!("m{n}")).collect();
    trial.keep(expected.iter().map(|label| message(label))).await;
    let claiming = stores.into_iter().map(|store| {
        tokio::spawn(async move {
            let (mut seen, mut empty) = (Vec::new(), 0);
            // What others hold for the moment may come back empty once.
            while empty < 3 {
                let claims = store.claim(&wanted(&[(TARGET, 7)]), false).await.expect("a claim is answered");
                empty = if claims.claimed.is_empty() { empty + 1 } else { 0 };
                seen.extend(claims.claimed);
            }
            seen
        })
    });
    let mut seen: Vec<_> = all(claiming).await.into_iter().flatten().collect();
    seen.extend(trial.claim(400).await);
    let labels: BTreeSet<_> = seen.iter().map(|claimed| label(claimed).to_owned()).collect();
    assert_eq!(seen.len(), labels.len(), "nothing was claimed twice");
    assert_eq!(labels, expected, "everything was claimed");
    assert!(seen.iter().all(|claimed| claimed.attempts == 1), "each at its first attempt");
}

/// What each key's messages were, in the order in which they were done, and
/// which keys are at work.
#[derive(Default)]
struct Log {
    done: BTreeMap<String, Vec<String>>,
    at_work: BTreeSet<String>,
    failed: BTreeSet<String>,
}

impl Log {
    /// Says whether this attempt is to fail: two in five messages fail once.
    fn begin(&mut self, claimed: &Claimed) -> bool {
        let key = key(claimed);
        assert!(self.at_work.insert(key.clone()), "two messages of key {key} are at work at one time");
        label(claimed).ends_with(['0', '3', '6', '9']) && self.failed.insert(label(claimed).to_owned())
    }

    fn end(&mut self, claimed: &Claimed, fails: bool) {
        self.at_work.remove(&key(claimed));
        if !fails {
            self.done.entry(key(claimed)).or_default().push(label(claimed).to_owned());
        }
    }

    fn count(&self) -> usize {
        self.done.values().map(Vec::len).sum()
    }
}

fn key(claimed: &Claimed) -> String {
    claimed.delivery.envelope.key.clone().expect("it has a key")
}

pub(super) async fn workers_keep_each_key_in_its_order(trial: Trial) {
    let stores = stores(&trial).await;
    let expected: BTreeMap<_, Vec<_>> =
        (0..10).map(|k| (format!("k{k}"), (0..20).map(|n| format!("k{k}-{n:02}")).collect())).collect();
    for n in 0..20 {
        trial.keep(expected.iter().map(|(key, labels)| keyed(&labels[n], key))).await;
    }
    let log = Arc::new(Mutex::new(Log::default()));
    let working = stores.into_iter().map(|store| tokio::spawn(work(store, Arc::clone(&log))));
    all(working).await;
    let log = log.lock().expect("no worker panicked");
    assert_eq!(log.done, expected, "each key's messages were done in their order");
}

async fn work(store: Arc<dyn Store>, log: Arc<Mutex<Log>>) {
    let begun = Instant::now();
    while log.lock().expect("no worker panicked").count() < 200 {
        assert!(begun.elapsed().as_secs() < 60, "waited in vain: 200 messages of ten keys are done");
        let claims = store.claim(&wanted(&[(TARGET, 3)]), false).await.expect("a claim is answered");
        for claimed in claims.claimed {
            let fails = log.lock().expect("no worker panicked").begin(&claimed);
            tokio::task::yield_now().await;
            log.lock().expect("no worker panicked").end(&claimed, fails);
            let outcome = if fails { Outcome::Retry(Duration::ZERO) } else { Outcome::Done(None) };
            let settled = store.settle(Settlement::new(claimed.claim, outcome)).await;
            assert!(settled.expect("a settlement is answered"), "the claim is held");
        }
        tokio::task::yield_now().await;
    }
}

pub(super) async fn committing_and_claiming_go_together(trial: Trial) {
    let stores = stores(&trial).await;
    let committing = (0..4).map(|n| {
        let store = Arc::clone(&stores[n]);
        tokio::spawn(async move {
            for m in 0..100 {
                store.commit(appending([message(&format!("{n}-{m}"))])).await.expect("a batch is committed");
            }
        })
    });
    let committing: Vec<_> = committing.collect();
    let mut seen = Vec::new();
    eventually("400 messages are done", async || {
        seen.extend(trial.drain(TARGET).await);
        (seen.len() >= 400).then_some(())
    })
    .await;
    all(committing).await;
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 400, "each came, once");
    trial.empty("nothing is left").await;
}
