//! Messages of one key go to a target one by one, in their order.

use std::time::Duration;

use anywise_core::Outcome;

use crate::trial::{HOUR, TARGET, Trial, after, appending, keyed, labels, message, to};

pub(super) async fn a_key_is_delivered_in_its_order(trial: Trial) {
    for label in ["a", "b", "c"] {
        trial.keep([keyed(label, "k")]).await;
    }
    for label in ["a", "b", "c"] {
        let claimed = trial.claim_one(label).await;
        trial.claim_nothing("the next waits until this one is done").await;
        trial.done(&claimed).await;
    }
    trial.empty("all are done").await;
}

pub(super) async fn a_key_in_one_batch_is_delivered_in_its_order(trial: Trial) {
    trial.keep(["a", "b", "c", "d"].map(|label| keyed(label, "k"))).await;
    for label in ["a", "b", "c", "d"] {
        trial.done(&trial.claim_one(label).await).await;
    }
}

pub(super) async fn keys_do_not_wait_for_each_other(trial: Trial) {
    trial.keep([keyed("a1", "a"), keyed("a2", "a"), keyed("b1", "b"), message("c"), keyed("b2", "b")]).await;
    let first = trial.claim(9).await;
    assert_eq!(labels(&first), ["a1", "b1", "c"], "the first of each key, and what has none");
    trial.done(&first[1]).await;
    trial.claim_one("b2").await;
}

pub(super) async fn targets_do_not_wait_for_each_other(trial: Trial) {
    let (first, second) = (keyed("a", "k"), keyed("b", "k"));
    trial.keep([to("one", &first), to("two", &first), to("one", &second), to("two", &second)]).await;
    let claimed = trial.claim_of(&[("one", 9), ("two", 9)]).await;
    assert_eq!(labels(&claimed), ["a", "a"], "the first of the key for each target");
    trial.end(&claimed[0], Outcome::DeadLetter("no".into())).await;
    trial.done(&claimed[1]).await;
    let claimed = trial.claim_of(&[("one", 9), ("two", 9)]).await;
    let targets: Vec<_> = claimed.iter().map(|claimed| claimed.delivery.target.as_str()).collect();
    assert_eq!(
        (labels(&claimed), targets),
        (vec!["b"], vec!["two"]),
        "the key is parked for the first alone"
    );
}

pub(super) async fn a_key_waits_for_a_retry(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    trial.fail(&trial.claim_one("a").await, Outcome::Retry(HOUR), "contract.busy").await;
    trial.keep([keyed("c", "k")]).await;
    trial.claim_nothing("the first of the key is tried again in an hour").await;
    trial.keep([keyed("d", "other"), keyed("e", "other")]).await;
    trial.end(&trial.claim_one("d").await, Outcome::Retry(Duration::ZERO)).await;
    trial.done(&trial.claim_one("d").await).await;
    trial.done(&trial.claim_one("e").await).await;
}

pub(super) async fn a_key_waits_behind_a_dead_letter(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    trial.bury("a").await;
    trial.keep([keyed("c", "k"), keyed("d", "k"), keyed("x", "other"), message("y")]).await;
    assert_eq!(trial.drain(TARGET).await, ["x", "y"], "only its own key is parked");
    assert_eq!(trial.depths().await[TARGET].blocked, 3, "what waits behind the dead letter");
}

pub(super) async fn a_key_waits_behind_what_is_held_back(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    trial.end(&trial.claim_one("a").await, Outcome::Park("too new".into())).await;
    trial.keep([keyed("c", "k")]).await;
    trial.claim_nothing("the key is parked").await;
    let letter = trial.letters(anywise_core::DeadLetters::default()).await.remove(0);
    assert!(letter.parked, "it says that it was held back");
    assert!(trial.store().replay(letter.id, None).await.expect("a replay is answered"), "it was open");
    assert_eq!(trial.drain(TARGET).await, ["a", "b", "c"], "the key goes on, in its order");
}

pub(super) async fn a_key_waits_for_what_is_scheduled(trial: Trial) {
    let first = keyed("a", "k").due(Some(after(HOUR)));
    trial.keep([first.clone(), keyed("b", "k")]).await;
    trial.keep([keyed("c", "k").due(Some(after(HOUR)))]).await;
    trial.claim_nothing("the first of the key is due in an hour").await;
    assert!(trial.store().cancel(first.envelope.id).await.expect("a cancel is answered"), "it was scheduled");
    assert_eq!(
        trial.drain(TARGET).await,
        ["b"],
        "the next of a cancelled one is let go; the third is not due"
    );
}

pub(super) async fn a_key_goes_on_after_a_skip(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    trial.end(&trial.claim_one("a").await, Outcome::Skip).await;
    trial.claim_one("b").await;
}

pub(super) async fn a_key_goes_on_after_a_stop_from_where_it_was(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    trial.end(&trial.claim_one("a").await, Outcome::Stop).await;
    assert_eq!(trial.drain(TARGET).await, ["a", "b"], "in its order");
}

pub(super) async fn a_key_that_was_done_waits_for_nothing(trial: Trial) {
    for label in ["a", "b"] {
        trial.keep([keyed(label, "k")]).await;
        trial.done(&trial.claim_one(label).await).await;
    }
}

pub(super) async fn a_cause_and_its_effect_share_a_key(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    for (label, caused) in [("a", "c"), ("b", "d"), ("c", "e"), ("d", "f")] {
        let mut batch = appending([keyed(caused, "k")]);
        batch.done = Some(trial.claim_one(label).await.claim);
        trial.commit(batch).await.expect("the claim is held");
    }
    assert_eq!(trial.drain(TARGET).await, ["e", "f"], "what was caused waits behind what was there");
}

pub(super) async fn one_key_may_have_a_long_line(trial: Trial) {
    let expected: Vec<_> = (0..150).map(|n| format!("m{n}")).collect();
    for some in expected.chunks(50) {
        trial.keep(some.iter().map(|label| keyed(label, "k"))).await;
    }
    let depth = trial.depths().await[TARGET].clone();
    assert_eq!((depth.ready, depth.blocked), (1, 149), "one is ready, the others wait behind it");
    assert_eq!(trial.drain(TARGET).await, expected, "all of them, in their order");
}
