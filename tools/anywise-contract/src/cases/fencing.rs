//! Who has lost a claim changes nothing.

use std::time::Duration;

use anywise_core::{Claimed, Error, Kind, Memory, Outcome, Settlement};

use crate::trial::{HOUR, Trial, after, appending, keyed, message, remembering};

/// A delivery that is claimed, and a claim of it that is no longer held.
async fn twice_claimed(trial: &Trial) -> (Claimed, Claimed) {
    trial.keep([message("a")]).await;
    let lost = trial.claim_one("a").await;
    trial.end(&lost, Outcome::Retry(Duration::ZERO)).await;
    (lost, trial.claim_one("a").await)
}

fn every_outcome() -> [Outcome; 6] {
    let (reason, parked) = ("given up".to_owned(), "held back".to_owned());
    let (dead, park) = (Outcome::DeadLetter(reason), Outcome::Park(parked));
    [Outcome::Done(None), Outcome::Retry(HOUR), dead, park, Outcome::Skip, Outcome::Stop]
}

fn assert_lost(error: &Error) {
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Conflict, "AW7020"),
        "the claim is no longer held: {error}"
    );
}

pub(super) async fn a_lost_claim_settles_nothing(trial: Trial) {
    let (lost, held) = twice_claimed(&trial).await;
    for outcome in every_outcome() {
        assert!(!trial.settle(&lost, outcome.clone()).await, "a lost claim is not settled as {outcome:?}");
    }
    assert_eq!(trial.depths().await[crate::trial::TARGET].claimed, 1, "it is still claimed");
    trial.done(&held).await;
}

pub(super) async fn a_claim_is_settled_once(trial: Trial) {
    for first in every_outcome() {
        trial.keep([message("a")]).await;
        let claimed = trial.claim_one("a").await;
        trial.end(&claimed, first.clone()).await;
        for again in every_outcome() {
            let settled = trial.settle(&claimed, again.clone()).await;
            assert!(!settled, "what was settled as {first:?} is not settled as {again:?}");
        }
        if first == Outcome::Stop {
            trial.done(&trial.claim_one("a").await).await;
        }
    }
}

pub(super) async fn a_lost_claim_commits_nothing(trial: Trial) {
    let (lost, held) = twice_claimed(&trial).await;
    let scheduled = message("later").due(Some(after(HOUR)));
    trial.keep([scheduled.clone()]).await;
    let memory = Memory::new("contract.Ask", None, "k");
    let mut batch = remembering(&memory, "reply");
    batch.append = vec![message("b"), keyed("c", "k")];
    batch.cancel = vec![scheduled.envelope.id];
    batch.done = Some(lost.claim);
    assert_lost(&trial.commit(batch).await.expect_err("the claim is lost"));
    trial.claim_nothing("nothing of the batch is delivered").await;
    assert_eq!(trial.recall(&memory).await, None, "nothing of the batch is remembered");
    assert!(
        trial.store().cancel(scheduled.envelope.id).await.expect("a cancel is answered"),
        "nothing of the batch is cancelled"
    );
    trial.done(&held).await;
}

pub(super) async fn a_commit_ends_its_delivery(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    let claimed = trial.claim_one("a").await;
    let mut batch = appending([to_other("caused")]);
    batch.done = Some(claimed.claim);
    trial.commit(batch).await.expect("the claim is held");
    assert!(!trial.settle(&claimed, Outcome::Done(None)).await, "it is done already");
    assert_eq!(trial.drain(crate::trial::TARGET).await, ["b"], "the next of its key was let go");
    assert_eq!(trial.drain("other").await, ["caused"], "what it caused was kept");
}

fn to_other(label: &str) -> anywise_core::Delivery {
    crate::trial::to("other", &message(label))
}

pub(super) async fn a_commit_ends_its_delivery_once(trial: Trial) {
    trial.keep([message("a")]).await;
    let claimed = trial.claim_one("a").await;
    for attempt in 0..2 {
        let mut batch = appending([to_other("caused")]);
        batch.done = Some(claimed.claim);
        match trial.commit(batch).await {
            Ok(()) => assert_eq!(attempt, 0, "only the first of two commits is kept"),
            Err(error) => assert_lost(&error),
        }
    }
    assert_eq!(trial.drain("other").await, ["caused"], "it has its effect once");
}

pub(super) async fn a_lost_claim_stays_lost_after_a_replay(trial: Trial) {
    trial.keep([message("a")]).await;
    let lost = trial.claim_one("a").await;
    trial.end(&lost, Outcome::DeadLetter("no".into())).await;
    let letter = trial.letters(anywise_core::DeadLetters::default()).await.remove(0);
    assert!(trial.store().replay(letter.id, None).await.expect("a replay is answered"), "it was open");
    let held = trial.claim_one("a").await;
    assert_ne!(held.claim, lost.claim, "an epoch goes on through a dead letter");
    assert!(!trial.settle(&lost, Outcome::Done(None)).await, "the claim from before it is lost");
    trial.done(&held).await;
}

pub(super) async fn a_number_is_never_given_twice(trial: Trial) {
    trial.keep([message("a")]).await;
    let lost = trial.claim_one("a").await;
    trial.done(&lost).await;
    trial.keep([message("b")]).await;
    let held = trial.claim_one("b").await;
    assert_ne!(held.claim, lost.claim, "another delivery has another claim");
    assert!(!trial.settle(&lost, Outcome::Done(None)).await, "the first's claim does not settle the second");
    trial.done(&held).await;
}

pub(super) async fn a_renewal_tells_what_is_held(trial: Trial) {
    let (lost, held) = twice_claimed(&trial).await;
    let never = anywise_core::Claim { id: i64::MAX, epoch: 1 };
    let renewed = trial.store().renew(&[lost.claim, held.claim, never]).await.expect("a renewal is answered");
    assert_eq!(renewed, [held.claim], "the one that is still held");
    trial.done(&held).await;
    let renewed = trial.store().renew(&[held.claim]).await.expect("a renewal is answered");
    assert_eq!(renewed, [], "what is done is not held");
    assert_eq!(trial.store().renew(&[]).await.expect("a renewal is answered"), [], "nothing of nothing");
}

pub(super) async fn one_of_many_settlements_counts(trial: Trial) {
    trial.keep([message("a")]).await;
    let claimed = trial.claim_one("a").await;
    let settling = (0..20).map(|_| {
        let (store, settlement) =
            (trial.store().clone(), Settlement::new(claimed.claim, Outcome::Done(None)));
        tokio::spawn(async move { store.settle(settlement).await.expect("a settlement is answered") })
    });
    let mut settled = 0;
    for one in settling.collect::<Vec<_>>() {
        settled += usize::from(one.await.expect("it does not panic"));
    }
    assert_eq!(settled, 1, "how many of 20 settlements of one claim counted");
}
