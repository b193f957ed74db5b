//! What a broker delivers is taken in once, however often it is delivered.

use std::time::Duration;

use anywise_core::{Acceptance, Arrival, Delivery, Outcome, Retention, Uuid};

use crate::trial::{HOUR, TARGET, Trial, after, eventually, keyed, labels, message, soon, to};

const NEW: Acceptance = Acceptance::New;
const KNOWN: Acceptance = Acceptance::Known;
const REUSED: Acceptance = Acceptance::Reused;

/// A message of this number for a group, with what it brings.
pub(super) fn arrival(group: &str, id: u128, deliveries: impl IntoIterator<Item = Delivery>) -> Arrival {
    let (id, says) = (Uuid::from_u128(id + 1), Uuid::from_u128(id + 1_000_000));
    Arrival::new(group, id, says, deliveries.into_iter().collect())
}

/// The same message, saying something else.
fn saying(text: u128, mut arrival: Arrival) -> Arrival {
    arrival.fingerprint = Uuid::from_u128(text);
    arrival
}

async fn accept(trial: &Trial, arrivals: impl IntoIterator<Item = Arrival>) -> Vec<Acceptance> {
    trial.store().accept(arrivals.into_iter().collect()).await.expect("arrivals are taken in")
}

pub(super) async fn what_a_broker_delivers_is_kept(trial: Trial) {
    assert_eq!(accept(&trial, []).await, [], "nothing is no error");
    let caused = [message("a"), to("other", &message("a2"))];
    let late = message("late").due(Some(after(HOUR)));
    let arrivals = [arrival("g", 1, caused), arrival("g", 2, []), arrival("g", 3, [message("b"), late])];
    assert_eq!(accept(&trial, arrivals).await, [NEW; 3], "each is new");
    let claimed = trial.claim(9).await;
    assert_eq!(labels(&claimed), ["a", "b"], "what they bring, in their order");
    assert_eq!(claimed[0].attempts, 1, "as if it had been committed");
    assert_eq!(trial.drain("other").await, ["a2"], "of each target");
    assert_eq!(trial.depths().await[TARGET].scheduled, 1, "and not before it is due");
}

pub(super) async fn what_a_broker_delivers_again_is_known(trial: Trial) {
    assert_eq!(accept(&trial, [arrival("g", 1, [message("a")])]).await, [NEW], "it is new");
    let again = || [arrival("g", 1, [message("again")]), arrival("g", 2, [message("b")])];
    assert_eq!(accept(&trial, again()).await, [KNOWN, NEW], "the first is known, the other new");
    assert_eq!(trial.drain(TARGET).await, ["a", "b"], "what is known brings nothing");
    assert_eq!(accept(&trial, again()).await, [KNOWN; 2], "it is known when it is done, too");
    trial.empty("what is known brings nothing").await;
}

pub(super) async fn another_message_under_a_known_id_is_told(trial: Trial) {
    let first = || arrival("g", 1, [message("a")]);
    assert_eq!(accept(&trial, [first()]).await, [NEW], "it is new");
    let found = accept(&trial, [saying(9, first()), first(), saying(9, first())]).await;
    assert_eq!(found, [REUSED, KNOWN, REUSED], "what it says is compared with what was taken in");
    assert_eq!(trial.drain(TARGET).await, ["a"], "neither brings anything");
}

pub(super) async fn groups_take_in_messages_for_themselves(trial: Trial) {
    let of = |group: &str| arrival(group, 1, [message(group)]);
    assert_eq!(
        accept(&trial, [of("a"), of("b"), of("A"), of("a ")]).await,
        [NEW; 4],
        "each group takes it in"
    );
    assert_eq!(accept(&trial, [of("b"), of("c")]).await, [KNOWN, NEW], "once");
    assert_eq!(trial.drain(TARGET).await, ["a", "b", "A", "a ", "c"], "what each brought");
}

pub(super) async fn a_message_that_arrives_twice_at_once_is_taken_in_once(trial: Trial) {
    let one = |label| arrival("g", 1, [message(label)]);
    let arrivals = [one("a"), one("b"), saying(9, one("c")), arrival("g", 2, [message("d")]), one("e")];
    assert_eq!(accept(&trial, arrivals).await, [NEW, KNOWN, REUSED, NEW, KNOWN], "the first counts");
    assert_eq!(trial.drain(TARGET).await, ["a", "d"], "what the first brought");
}

pub(super) async fn arrivals_keep_each_key_in_its_order(trial: Trial) {
    let (mut calls, mut expected) = (0, Vec::new());
    for size in [1_u128, 70, 3] {
        let arrivals = (0..size).map(|n| {
            let label = format!("m{calls} {n}");
            expected.push(label.clone());
            arrival("g", u128::from(calls) * 1_000 + n, [keyed(&label, "k")])
        });
        let arrivals: Vec<_> = arrivals.collect();
        assert_eq!(
            accept(&trial, arrivals).await,
            vec![NEW; usize::try_from(size).expect("it is small")],
            "all new"
        );
        calls += 1_u64;
    }
    let mut seen = Vec::new();
    while let Some(claimed) = trial.claim(9).await.pop() {
        trial.done(&claimed).await;
        seen.push(claimed.delivery.envelope.name.clone());
    }
    assert_eq!(seen, expected, "one by one, call after call");
}

pub(super) async fn hundreds_of_messages_arrive_at_once(trial: Trial) {
    let one = |n: u128| arrival("g", n, [message(&format!("m{n}"))]);
    assert_eq!(accept(&trial, (0..700).step_by(2).map(one)).await, vec![NEW; 350], "half of them");
    let expected: Vec<_> = (0..700).map(|n| if n % 2 == 0 { KNOWN } else { NEW }).collect();
    assert_eq!(accept(&trial, (0..700).map(one)).await, expected, "then all of them");
    let mut seen = trial.drain(TARGET).await;
    seen.sort();
    let mut all: Vec<_> = (0..700).map(|n| format!("m{n}")).collect();
    all.sort();
    assert_eq!(seen, all, "each is delivered once");
}

pub(super) async fn one_of_many_equal_arrivals_is_new(trial: Trial) {
    let companion = trial.companion().await;
    let accepting: Vec<_> = (0..20)
        .map(|n| {
            let store = if n % 2 == 0 { trial.store() } else { companion.store() }.clone();
            let order: Vec<u128> = if n % 3 == 0 { (0..5).collect() } else { (0..5).rev().collect() };
            let one = |id| arrival("g", id, [keyed(&format!("m{id}"), "k")]);
            tokio::spawn(async move { store.accept(order.into_iter().map(one).collect()).await })
        })
        .collect();
    let mut new = 0;
    for one in accepting {
        let found = soon("arrivals do not wait for each other for ever", one).await;
        let found = found.expect("it does not panic").expect("arrivals are taken in");
        assert!(found.iter().all(|one| *one != REUSED), "all say the same");
        new += found.iter().filter(|one| **one == NEW).count();
    }
    assert_eq!(new, 5, "each of five messages was new once");
    let mut seen = trial.drain(TARGET).await;
    seen.sort();
    assert_eq!(seen, ["m0", "m1", "m2", "m3", "m4"], "and is delivered once");
}

async fn sweep(trial: &Trial, retention: &Retention) -> u64 {
    trial.store().sweep(retention).await.expect("a sweep is answered")
}

pub(super) async fn arrivals_are_forgotten_when_they_are_old(trial: Trial) {
    let arrivals = |count| (0..count).map(|n| arrival("g", n, []));
    accept(&trial, arrivals(5)).await;
    assert_eq!(sweep(&trial, &Retention::default()).await, 0, "nothing is a week old");
    let mut retention = Retention::default();
    (retention.inbox, retention.batch) = (Duration::from_millis(1), 2);
    let mut swept = Vec::new();
    eventually("arrivals are forgotten after 1 ms", async || {
        swept.push(sweep(&trial, &retention).await);
        (swept.iter().sum::<u64>() == 5).then_some(())
    })
    .await;
    assert!(swept.iter().all(|rows| *rows <= 2), "at most one batch at a time, not {swept:?}");
    assert_eq!(accept(&trial, arrivals(5)).await, [NEW; 5], "what was forgotten is new");
}

pub(super) async fn no_more_arrivals_are_known_than_is_said(trial: Trial) {
    let arrivals = |range: std::ops::Range<u128>| range.map(|n| arrival("g", n, []));
    accept(&trial, arrivals(0..6)).await;
    // What is known uses up no room.
    accept(&trial, arrivals(0..6)).await;
    accept(&trial, arrivals(6..10)).await;
    let mut retention = Retention::default();
    (retention.most_inbox, retention.batch) = (3, 4);
    for swept in [4, 3, 0] {
        assert_eq!(sweep(&trial, &retention).await, swept, "rows of one sweep, of which there are at most 4");
    }
    assert_eq!(accept(&trial, arrivals(6..10)).await, [NEW, KNOWN, KNOWN, KNOWN], "the newest are known");
}

pub(super) async fn what_was_taken_in_outlives_its_process(trial: Trial) {
    let arrivals = || [arrival("g", 1, [keyed("a", "k")]), arrival("g", 2, [keyed("b", "k")])];
    assert_eq!(accept(&trial, arrivals()).await, [NEW; 2], "they are new");
    trial.end(&trial.claim_one("a").await, Outcome::Done(None)).await;
    let trial = trial.restart().await;
    let third = arrival("g", 3, [keyed("c", "k")]);
    let found = accept(&trial, arrivals().into_iter().chain([third])).await;
    assert_eq!(found, [KNOWN, KNOWN, NEW], "they are known");
    assert_eq!(trial.drain(TARGET).await, ["b", "c"], "and what they brought is kept");
}
