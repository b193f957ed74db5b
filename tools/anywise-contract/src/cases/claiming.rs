//! What is appended is claimed, in order, by those who want it.

use anywise_core::{Batch, Outcome};

use crate::trial::{TARGET, Trial, appending, codes, keyed, labels, message, to};

pub(super) async fn a_delivery_is_claimed_and_done(trial: Trial) {
    trial.keep([message("a")]).await;
    let claimed = trial.claim_one("a").await;
    assert_eq!((claimed.attempts, claimed.losses), (1, 0), "attempts and losses of a first claim");
    trial.claim_nothing("what is claimed cannot be claimed").await;
    trial.done(&claimed).await;
    trial.claim_nothing("what is done does not come again").await;
    trial.empty("nothing is left of what is done").await;
}

pub(super) async fn a_delivery_that_is_kept_already_is_ignored(trial: Trial) {
    let (delivery, other) = (message("a"), message("b"));
    trial.keep([delivery.clone(), delivery.clone()]).await;
    trial.keep([delivery.clone(), other]).await;
    assert_eq!(labels(&trial.claim(1).await), ["a"], "the first, once");
    trial.keep([delivery]).await;
    trial.claim_one("b").await;
}

pub(super) async fn a_message_has_a_delivery_for_each_target(trial: Trial) {
    let delivery = message("a");
    trial.keep([to("one", &delivery), to("two", &delivery)]).await;
    assert_eq!(trial.drain("one").await, ["a"], "the first target's");
    assert_eq!(trial.drain("two").await, ["a"], "the second's, untouched by what became of the first's");
}

pub(super) async fn what_was_done_may_come_again(trial: Trial) {
    let delivery = message("a");
    for _ in 0..2 {
        trial.keep([delivery.clone()]).await;
        let claimed = trial.claim_one("a").await;
        assert_eq!(claimed.attempts, 1, "attempts of a new delivery");
        trial.done(&claimed).await;
    }
}

pub(super) async fn the_oldest_comes_first(trial: Trial) {
    trial.keep([message("a"), message("b")]).await;
    trial.keep([to("other", &message("c")), message("d")]).await;
    trial.keep([message("e")]).await;
    assert_eq!(labels(&trial.claim(2).await), ["a", "b"], "the two oldest");
    trial.keep([message("f")]).await;
    let rest = trial.claim_of(&[("other", 9), (crate::trial::TARGET, 9)]).await;
    assert_eq!(labels(&rest), ["c", "d", "e", "f"], "the rest, oldest first, whatever their targets");
}

pub(super) async fn no_more_is_claimed_than_was_wanted(trial: Trial) {
    let deliveries = ["a", "b", "c"].map(message);
    for target in ["one", "two", "three"] {
        trial.keep(deliveries.each_ref().map(|delivery| to(target, delivery))).await;
    }
    let claimed = trial.claim_of(&[("one", 1), ("two", 2), ("three", 0)]).await;
    let mut targets: Vec<_> = claimed.iter().map(|claimed| claimed.delivery.target.as_str()).collect();
    targets.sort_unstable();
    assert_eq!(targets, ["one", "two", "two"], "so many for each target as there was room for");
    assert_eq!(trial.claim_of(&[("one", 9), ("two", 9)]).await.len(), 3, "what had been left of the two");
}

pub(super) async fn only_wanted_targets_are_claimed(trial: Trial) {
    trial.keep([to("other", &message("a")), message("b")]).await;
    trial.claim_one("b").await;
    assert!(
        trial.claim_of(&[("contract::listene_", 9), ("contract::%", 9)]).await.is_empty(),
        "a name is a name"
    );
    assert_eq!(labels(&trial.claim_of(&[("other", 9)]).await), ["a"], "it waited for who wants it");
}

pub(super) async fn nothing_is_claimed_of_nothing(trial: Trial) {
    trial.claim_nothing("an empty store").await;
    trial.keep([message("a")]).await;
    assert!(trial.claim_of(&[]).await.is_empty(), "nothing is wanted");
    assert!(trial.claim(0).await.is_empty(), "none are wanted");
    trial.claim_one("a").await;
}

pub(super) async fn an_attempt_is_counted_by_its_claim(trial: Trial) {
    trial.keep([message("a")]).await;
    for attempt in 1..=3 {
        let claimed = trial.claim_one("a").await;
        assert_eq!(claimed.attempts, attempt, "attempts begun, with this one");
        assert_eq!(claimed.tries(), attempt, "none of them was lost");
        trial.fail(&claimed, Outcome::Retry(std::time::Duration::ZERO), "contract.again").await;
    }
    assert_eq!(codes(&trial.claim_one("a").await.failures), ["contract.again"; 3], "what went wrong before");
}

pub(super) async fn a_beginning_changes_nothing_else(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k"), message("c")]).await;
    let claimed = trial.claim(9).await;
    assert!(trial.begins(&claimed[0]).await, "it is held");
    assert!(trial.begins(&claimed[0]).await, "a second time, too");
    assert_eq!(trial.depths().await[TARGET].claimed, 2, "both are claimed, one has begun");
    trial.end(&claimed[0], Outcome::Retry(std::time::Duration::ZERO)).await;
    trial.end(&claimed[1], Outcome::Stop).await;
    assert!(!trial.begins(&claimed[0]).await, "what was settled does not begin");
    assert!(!trial.begins(&claimed[1]).await, "what was given back does not begin");
    let again = trial.claim(9).await;
    assert_eq!(labels(&again), ["a", "c"], "they are claimed again");
    assert_eq!((again[0].attempts, again[1].attempts), (2, 1), "attempts count from their claim");
    assert!(!trial.begins(&claimed[0]).await, "the claim from before is lost");
    assert!(trial.begins(&again[0]).await, "the new one is held");
    trial.done(&again[0]).await;
    assert!(!trial.begins(&again[0]).await, "what is done does not begin");
    trial.done(&trial.claim_one("b").await).await;
    trial.done(&again[1]).await;
    trial.empty("all are done, begun or not").await;
}

pub(super) async fn an_empty_batch_is_kept(trial: Trial) {
    trial.commit(Batch::default()).await.expect("there is nothing in it that could fail");
    trial.empty("there was nothing in it").await;
}

pub(super) async fn a_thousand_deliveries_are_one_batch(trial: Trial) {
    let expected: Vec<_> = (0..1_000).map(|n| format!("m{n}")).collect();
    trial
        .commit(appending(expected.iter().map(|label| message(label))))
        .await
        .expect("a large batch is kept");
    assert_eq!(trial.depths().await[crate::trial::TARGET].ready, 1_000, "how many are ready");
    assert_eq!(trial.drain(crate::trial::TARGET).await, expected, "all of them, in their order");
}
