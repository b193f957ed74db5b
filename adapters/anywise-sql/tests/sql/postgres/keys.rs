//! Each key stays in order, whoever sends and whoever handles.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anywise_core::{DeadLetters, Outcome, Store};
use anywise_sql::PostgresStore;

use super::{Place, batch, body, claim, delivery, settle};

/// Numbers from a seed, so that a failure can be run again.
fn random(seed: &AtomicI64) -> u64 {
    let mut x =
        seed.fetch_add(0x9E37_79B9, Ordering::Relaxed).unsigned_abs().wrapping_mul(0x2545_F491_4F6C_DD1D);
    x ^= x >> 29;
    x.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33
}

const KEYS: usize = 7;
const PRODUCERS: usize = 8;
const EACH: usize = 60;

/// What the consumers have seen of each key: who sent it, and which it was.
#[derive(Default)]
struct Seen {
    handled: Mutex<HashMap<String, Vec<(usize, usize)>>>,
    at_work: Mutex<HashSet<String>>,
    count: AtomicUsize,
}

impl Seen {
    fn begin(&self, key: &str) {
        assert!(self.at_work.lock().unwrap().insert(key.to_owned()), "two of {key} at a time");
    }

    fn end(&self, key: &str) {
        self.at_work.lock().unwrap().remove(key);
    }

    fn note(&self, key: &str, text: &str) {
        let (producer, n) = text.split_once(':').unwrap();
        let entry = (producer.parse().unwrap(), n.parse().unwrap());
        self.handled.lock().unwrap().entry(key.to_owned()).or_default().push(entry);
        self.count.fetch_add(1, Ordering::SeqCst);
    }
}

/// Commits one message after the other.
async fn produce(store: Arc<PostgresStore>, producer: usize, dice: Arc<AtomicI64>) {
    for n in 0..EACH {
        let key = format!("k{}", (producer + n) % KEYS);
        store.commit(batch([delivery("t", Some(&key), format!("{producer}:{n}"))])).await.unwrap();
        tokio::time::sleep(Duration::from_micros(random(&dice) % 2_000)).await;
    }
}

/// Handles what it gets, a tenth of it not at the first time.
async fn consume(store: Arc<PostgresStore>, seen: Arc<Seen>, dice: Arc<AtomicI64>) {
    while seen.count.load(Ordering::SeqCst) < PRODUCERS * EACH {
        for claimed in claim(&store, "t", 5).await {
            let key = claimed.delivery.envelope.key.clone().unwrap();
            seen.begin(&key);
            tokio::time::sleep(Duration::from_micros(random(&dice) % 1_500)).await;
            let is_handled = !random(&dice).is_multiple_of(10);
            if is_handled {
                seen.note(&key, &body(&claimed));
            }
            seen.end(&key);
            let outcome =
                if is_handled { Outcome::Done(None) } else { Outcome::Retry(Duration::from_millis(1)) };
            assert!(settle(&store, &claimed, outcome).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_is_handled_in_the_order_of_its_commits() {
    let Some(place) = Place::make().await else { return };
    let options = place.options().lease(Duration::from_secs(60));
    let one = Arc::new(place.store_with(options.clone()).await);
    let other = Arc::new(place.store_with(options.without_notify()).await);
    let (dice, seen) = (Arc::new(AtomicI64::new(20)), Arc::new(Seen::default()));
    let mut tasks = Vec::new();
    for producer in 0..PRODUCERS {
        let store = if producer % 2 == 0 { &one } else { &other };
        tasks.push(tokio::spawn(produce(Arc::clone(store), producer, Arc::clone(&dice))));
    }
    for store in [one, other] {
        tasks.push(tokio::spawn(consume(store, Arc::clone(&seen), Arc::clone(&dice))));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for (key, handled) in seen.handled.lock().unwrap().iter() {
        for producer in 0..PRODUCERS {
            let of: Vec<_> = handled.iter().filter(|(by, _)| *by == producer).map(|(_, n)| *n).collect();
            assert!(of.is_sorted(), "{key}: {producer} sent in order, and {of:?} came");
        }
    }
}

/// Transactions of one key that are committed at the same time, each after a
/// while of its own: the numbers are in the order of the commits.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_what_was_committed_later() {
    let Some(place) = Place::make().await else { return };
    let store = Arc::new(place.store().await);
    let racers = (0..40).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(
            async move { store.commit(batch([delivery("t", Some("k"), n.to_string())])).await.unwrap() },
        )
    });
    for racer in racers.collect::<Vec<_>>() {
        racer.await.unwrap();
    }
    assert_eq!(place.number("SELECT count(*) FROM aw_delivery WHERE state = 0").await, 1);
    let head = "SELECT count(*) FROM aw_delivery WHERE state = 0 AND id = (SELECT min(id) FROM aw_delivery)";
    assert_eq!(place.number(head).await, 1);
}

#[tokio::test]
async fn a_dead_letter_parks_its_key_and_no_other() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    let all = [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")];
    store.commit(batch(all.map(|(key, text)| delivery("t", Some(key), text)))).await.unwrap();
    let first = claim(&store, "t", 9).await;
    assert_eq!(first.iter().map(body).collect::<Vec<_>>(), ["a1", "b1"]);
    assert!(settle(&store, &first[0], Outcome::DeadLetter("no".into())).await);
    assert!(settle(&store, &first[1], Outcome::Done(None)).await);
    store.commit(batch([delivery("t", Some("a"), "a4"), delivery("t", Some("b"), "b2")])).await.unwrap();
    let next = claim(&store, "t", 9).await;
    assert_eq!(next.iter().map(body).collect::<Vec<_>>(), ["b2"]);

    let letter = store.dead_letters(DeadLetters::of("t")).await.unwrap().remove(0);
    assert!(store.replay(letter.id, None).await.unwrap());
    let again = claim(&store, "t", 9).await;
    assert_eq!(again.iter().map(body).collect::<Vec<_>>(), ["a1"]);
    assert!(again[0].claim.epoch > first[0].claim.epoch);
    assert!(!settle(&store, &first[0], Outcome::Done(None)).await, "the old claim is void");
    assert!(settle(&store, &again[0], Outcome::Park("later".into())).await);

    let letter = store.dead_letters(DeadLetters::of("t")).await.unwrap().remove(0);
    assert_eq!((letter.parked, letter.replays), (true, 1));
    assert!(store.discard(letter.id).await.unwrap());
    for expected in ["a2", "a3", "a4"] {
        let claimed = claim(&store, "t", 9).await;
        assert_eq!(claimed.iter().map(body).collect::<Vec<_>>(), [expected]);
        assert!(settle(&store, &claimed[0], Outcome::Done(None)).await);
    }
}

#[tokio::test]
async fn cancelling_the_first_of_a_key_lets_the_next_go() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    let soon = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
    let first = delivery("t", Some("a"), "1").due(Some(soon));
    let id = first.envelope.id;
    store.commit(batch([first, delivery("t", Some("a"), "2")])).await.unwrap();
    assert!(claim(&store, "t", 9).await.is_empty());
    assert!(store.cancel(id).await.unwrap());
    assert!(!store.cancel(id).await.unwrap());
    assert_eq!(claim(&store, "t", 9).await.iter().map(body).collect::<Vec<_>>(), ["2"]);
}
