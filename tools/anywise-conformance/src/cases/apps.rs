//! Whole applications on both sides of the transport.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anywise::{App, Kind, MemoryStore, Ordered, Principal, RelayPolicy};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::slice::source::{Add, AddError, Counted};
use crate::slice::{Calls, Ledger, source, target};
use crate::trial::Trial;

async fn publisher(trial: &Trial, calls: &Arc<Calls>) -> App {
    let transport = trial.place.open().await.expect("another process finds the broker");
    let app = App::builder().name("suite").slices([source::SLICE]).provide_arc(Arc::clone(calls));
    app.transport_arc(transport).build().await.expect("the application starts")
}

async fn listener(trial: &Trial, ledger: &Arc<Ledger>, store: Option<Arc<MemoryStore>>) -> App {
    let transport = trial.place.open().await.expect("another process finds the broker");
    let quick = RelayPolicy { first_wait: Duration::from_millis(20), factor: 1, ..RelayPolicy::default() };
    let mut app =
        App::builder().name("suite").slices([target::SLICE]).provide_arc(Arc::clone(ledger)).relay(quick);
    if let Some(store) = store {
        app = app.store_arc(store as _);
    }
    app.transport_arc(transport).build().await.expect("the application starts")
}

/// Waits until `done`, at most as long as anything may take.
async fn until(trial: &Trial, what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + trial.patience;
    while !done() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Publishes numbers, those of one key in order.
async fn publish(app: &App, keys: u32, each: u32) {
    let of_key = |key: u32| async move {
        for at in 0..each {
            let event = Counted { key, number: key * each + at };
            app.publish(event).await.expect("the broker takes it");
        }
    };
    join_all((0..keys).map(of_key)).await;
}

fn expected(keys: u32, each: u32) -> HashMap<u32, Vec<u32>> {
    (0..keys).map(|key| (key, (key * each..(key + 1) * each).collect())).collect()
}

/// Everything was heard, in order where the transport keeps it.
fn check(trial: &Trial, ledger: &Ledger, keys: u32, each: u32) {
    let mut heard = ledger.firsts();
    if trial.transport.traits().ordered == Ordered::No {
        for numbers in heard.values_mut() {
            numbers.sort_unstable();
        }
    }
    assert_eq!(heard, expected(keys, each));
}

pub(crate) async fn events_pass_between_applications(trial: Trial) {
    let ledger = Arc::new(Ledger::default());
    let there = listener(&trial, &ledger, None).await;
    let here = publisher(&trial, &Arc::default()).await;
    publish(&here, 10, 50).await;
    until(&trial, "not everything was heard", || ledger.count() == 500).await;
    check(&trial, &ledger, 10, 50);
    there.stop(trial.patience).await;
    here.stop(trial.patience).await;
}

pub(crate) async fn a_listener_that_fails_is_tried_again(trial: Trial) {
    let ledger = Arc::new(Ledger::default());
    let there = listener(&trial, &ledger, None).await;
    ledger.fail(3, 2);
    ledger.fail(7, 4);
    let here = publisher(&trial, &Arc::default()).await;
    publish(&here, 2, 10).await;
    until(&trial, "not everything was heard", || ledger.count() == 20).await;
    check(&trial, &ledger, 2, 10);
    there.stop(trial.patience).await;
}

pub(crate) async fn an_application_that_stops_under_load_loses_nothing(trial: Trial) {
    const KEYS: u32 = 20;
    const EACH: u32 = 50;
    let ledger = Arc::new(Ledger::default());
    let here = publisher(&trial, &Arc::default()).await;
    // A group hears what is published once it is there.
    listener(&trial, &ledger, None).await.stop(trial.patience).await;
    let restarting = async {
        let end = Instant::now() + trial.patience;
        while ledger.distinct() < (KEYS * EACH) as usize {
            assert!(Instant::now() < end, "only {} of {} were heard", ledger.distinct(), KEYS * EACH);
            let there = listener(&trial, &ledger, None).await;
            let before = ledger.distinct();
            let enough = || ledger.distinct() >= (before + 150).min((KEYS * EACH) as usize);
            until(&trial, "nothing more was heard", enough).await;
            there.stop(trial.patience).await;
        }
    };
    tokio::join!(restarting, publish(&here, KEYS, EACH));
    check(&trial, &ledger, KEYS, EACH);
}

pub(crate) async fn with_a_store_each_effect_happens_once(trial: Trial) {
    const KEYS: u32 = 20;
    const EACH: u32 = 25;
    let ledger = Arc::new(Ledger::default());
    // One store, as one database outlives the processes that work on it.
    let store = Arc::new(MemoryStore::new());
    let there = listener(&trial, &ledger, Some(Arc::clone(&store))).await;
    let here = publisher(&trial, &Arc::default()).await;
    publish(&here, KEYS, EACH).await;
    until(&trial, "not everything was heard", || ledger.distinct() == (KEYS * EACH) as usize).await;
    there.settled().await;
    assert_eq!(ledger.count(), (KEYS * EACH) as usize, "nothing happened twice");
    check(&trial, &ledger, KEYS, EACH);
    assert!(store.open_dead_letters().is_empty());
    there.stop(trial.patience).await;
}

pub(crate) async fn a_request_is_answered_from_another_process(trial: Trial) {
    let calls = Arc::new(Calls::default());
    let there = publisher(&trial, &calls).await;
    let transport = trial.place.open().await.expect("another process finds the broker");
    let remote = Arc::clone(&transport).remote().expect("the need is met");
    let ledger = Arc::new(Ledger::default());
    let here = App::builder().name("suite").slices([target::SLICE]).provide_arc(ledger);
    let here =
        here.transport_arc(transport).remote_arc(remote).build().await.expect("the application starts");
    let add = |left, right| Add { left, right };
    let end = Instant::now() + trial.patience;
    let sum = loop {
        match here.send(add(1, 2)).await {
            // The other side is not there at once.
            Err(error) if error.kind() == Kind::Unavailable && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            sum => break sum,
        }
    };
    assert_eq!(sum.expect("it is answered"), 3);
    let error = here.send(add(u32::MAX, 1)).await.expect_err("it is too much");
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "suite.too_much"));
    let AddError::TooMuch { left, right } = error.downcast_ref().expect("a typed fault crosses");
    assert_eq!((*left, *right), (u32::MAX, 1));
    let answers = (0..200).map(|number| here.send(add(number, 1)).into_future());
    let answers = join_all(answers).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.expect("it is answered") as usize, number + 1);
    }
    here.send(add(1, 1)).principal(Principal::new("ann")).await.expect("it is answered");
    assert_eq!(calls.all().last().cloned().flatten().as_deref(), Some("ann"));
    there.stop(trial.patience).await;
    let began = Instant::now();
    let error = here.send(add(1, 2)).deadline(Duration::from_secs(2)).await.expect_err("nobody is there");
    assert!(matches!(error.kind(), Kind::Unavailable | Kind::Timeout), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
}
