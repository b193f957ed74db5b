//! In which order the messages of a key are given out, whoever asks.

use std::time::Duration;

use anywise_core::{Incoming, Outcome, Sink as _, Source, Transport as _};
use tokio::time::timeout;

use super::super::Place;
use super::{event, group, ids};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);

async fn is_quiet(source: &dyn Source) -> bool {
    timeout(SHORT, source.receive(9)).await.is_err()
}

async fn done(source: &dyn Source, came: &[Incoming]) {
    source.settle(came.iter().map(|one| (one.tag, Outcome::Done(None))).collect()).await.unwrap();
}

#[tokio::test]
async fn of_a_key_that_somebody_holds_nobody_else_gets_any() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    let subscription = group("g", &["a.B"]);
    let one = broker.subscribe(&subscription).await.unwrap();
    let two = broker.subscribe(&subscription).await.unwrap();
    let (first, second, free) = (event("a.B", Some("k")), event("a.B", Some("k")), event("a.B", None));
    broker.send(first.clone()).await.unwrap();
    let held = one.receive(1).await.unwrap();
    for event in [&second, &free] {
        broker.send(event.clone()).await.unwrap();
    }
    let others = two.receive(9).await.unwrap();
    assert_eq!(ids(&others), [free.id.to_string()], "what has no key waits for nobody");
    assert!(is_quiet(&*two).await);
    done(&*one, &held).await;
    let next = timeout(LONG, two.receive(9)).await.unwrap().unwrap();
    assert_eq!(ids(&next), [second.id.to_string()]);
}

#[tokio::test]
async fn who_holds_a_key_gets_more_of_it() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    let source = broker.subscribe(&group("g", &["a.B"])).await.unwrap();
    for _ in 0..2 {
        broker.send(event("a.B", Some("k"))).await.unwrap();
        assert_eq!(source.receive(9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_key_waits_for_what_was_put_off() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    let subscription = group("g", &["a.B"]);
    let one = broker.subscribe(&subscription).await.unwrap();
    let two = broker.subscribe(&subscription).await.unwrap();
    let (first, second) = (event("a.B", Some("k")), event("a.B", Some("k")));
    broker.send(first.clone()).await.unwrap();
    let held = one.receive(1).await.unwrap();
    broker.send(second.clone()).await.unwrap();
    one.settle(vec![(held[0].tag, Outcome::Retry(SHORT * 3))]).await.unwrap();
    let mut came = Vec::new();
    while came.len() < 2 {
        // Whoever asks, and whoever gets it.
        for source in [&one, &two] {
            let Ok(some) = timeout(SHORT / 10, source.receive(9)).await else { continue };
            let some = some.unwrap();
            came.extend(ids(&some));
            done(&**source, &some).await;
        }
    }
    assert_eq!(came, [first.id.to_string(), second.id.to_string()]);
}

#[tokio::test]
async fn what_a_process_left_comes_before_what_is_new() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    let subscription = group("g", &["a.B"]);
    let one = broker.subscribe(&subscription).await.unwrap();
    let events: Vec<_> = (0..6).map(|_| event("a.B", Some("k"))).collect();
    for event in &events {
        broker.send(event.clone()).await.unwrap();
    }
    let held = one.receive(3).await.unwrap();
    assert_eq!(held.len(), 3);
    drop(one);
    let two = broker.subscribe(&subscription).await.unwrap();
    let (mut came, mut times) = (Vec::new(), Vec::new());
    while came.len() < 6 {
        let some = timeout(LONG, two.receive(9)).await.unwrap().unwrap();
        came.extend(ids(&some));
        times.extend(some.iter().map(|one| one.delivered.unwrap()));
        done(&*two, &some).await;
    }
    assert_eq!(came, events.iter().map(|event| event.id.to_string()).collect::<Vec<_>>());
    assert_eq!(times, [2, 2, 2, 1, 1, 1]);
}
