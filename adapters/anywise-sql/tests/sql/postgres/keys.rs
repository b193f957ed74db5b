//! Each key stays in order, whoever sends and whoever handles.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anywise_core::{DeadLetters, Outcome, Store};

use super::{Place, batch, body, claim, delivery, settle};

/// Numbers from a seed, so that a failure can be run again.
fn random(seed: &AtomicI64) -> u64 {
    let mut x =
        seed.fetch_add(0x9E37_79B9, Ordering::Relaxed).unsigned_abs().wrapping_mul(0x2545_F491_4F6C_DD1D);
    x ^= x >> 29;
    x.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_is_handled_in_the_order_of_its_commits() {
    const KEYS: usize = 7;
    const EACH: usize = 60;
    let Some(place) = Place::make().await else { return };
    let stores =
        [Arc::new(place.store().await), Arc::new(place.store_with(place.options().without_notify()).await)];
    let seed = Arc::new(AtomicI64::new(20));
    // A producer's messages of a key are committed one after the other.
    let producers = (0..8_usize).map(|producer| {
        let (store, seed) = (Arc::clone(&stores[producer % 2]), Arc::clone(&seed));
        tokio::spawn(async move {
            for n in 0..EACH {
                let key = format!("k{}", (producer + n) % KEYS);
                let text = format!("{producer}:{n}");
                store.commit(batch([delivery("t", Some(&key), text)])).await.unwrap();
                tokio::time::sleep(Duration::from_micros(random(&seed) % 2_000)).await;
            }
        })
    });
    let producers: Vec<_> = producers.collect();
    let seen = Arc::new(Mutex::new(HashMap::<String, Vec<(usize, usize)>>::new()));
    let open = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
    let left = Arc::new(AtomicI64::new(i64::try_from(8 * EACH).unwrap()));
    let consumers = (0..2_usize).map(|n| {
        let (store, seen, open) = (Arc::clone(&stores[n]), Arc::clone(&seen), Arc::clone(&open));
        let (left, seed) = (Arc::clone(&left), Arc::clone(&seed));
        tokio::spawn(async move {
            while left.load(Ordering::SeqCst) > 0 {
                let claimed = claim(&store, "t", 5).await;
                for claimed in claimed {
                    let key = claimed.delivery.envelope.key.clone().unwrap();
                    let at_once = {
                        let mut open = open.lock().unwrap();
                        let count = open.entry(key.clone()).or_default();
                        *count += 1;
                        *count
                    };
                    assert_eq!(at_once, 1, "two of {key} at a time");
                    tokio::time::sleep(Duration::from_micros(random(&seed) % 1_500)).await;
                    if random(&seed) % 10 == 0 {
                        *open.lock().unwrap().get_mut(&key).unwrap() -= 1;
                        assert!(settle(&store, &claimed, Outcome::Retry(Duration::from_millis(1))).await);
                        continue;
                    }
                    let text = body(&claimed);
                    let (producer, n) = text.split_once(':').unwrap();
                    seen.lock()
                        .unwrap()
                        .entry(key.clone())
                        .or_default()
                        .push((producer.parse().unwrap(), n.parse().unwrap()));
                    *open.lock().unwrap().get_mut(&key).unwrap() -= 1;
                    assert!(settle(&store, &claimed, Outcome::Done(None)).await);
                    left.fetch_sub(1, Ordering::SeqCst);
                }
            }
        })
    });
    let consumers: Vec<_> = consumers.collect();
    for task in producers.into_iter().chain(consumers) {
        task.await.unwrap();
    }
    for (key, seen) in seen.lock().unwrap().iter() {
        for producer in 0..8 {
            let of: Vec<_> = seen.iter().filter(|(one, _)| *one == producer).map(|(_, n)| *n).collect();
            assert!(of.is_sorted(), "{key}: {producer} sent in order, and {of:?} came");
        }
    }
    assert_eq!(seen.lock().unwrap().values().map(Vec::len).sum::<usize>(), 8 * EACH);
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
