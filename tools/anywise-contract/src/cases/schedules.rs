//! What is to be delivered later is delivered then, once, or cancelled.

use std::time::{Duration, Instant};

use anywise_core::{Batch, Outcome, Timestamp};
use uuid::Uuid;

use crate::trial::{HOUR, TARGET, Trial, after, ago, appending, keyed, message, to, wanted};

async fn cancel(trial: &Trial, message: Uuid) -> bool {
    trial.store().cancel(message).await.expect("a cancel is answered")
}

async fn fire(trial: &Trial, name: &str, due: Timestamp, label: &str) -> bool {
    trial.store().fire(name, due, message(label)).await.expect("a fire is answered")
}

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + n).expect("it is near")
}

pub(super) async fn a_scheduled_delivery_waits_until_it_is_due(trial: Trial) {
    let wait = Duration::from_millis(300);
    let begun = Instant::now();
    trial.keep([message("a").due(Some(after(HOUR))), message("b").due(Some(after(wait)))]).await;
    let claimed = trial.claim_soon("a delivery is due after 300 ms").await;
    assert_eq!(crate::trial::label(&claimed), "b", "the one that is due");
    // The store's clock need not be finer than a millisecond.
    assert!(begun.elapsed() + Duration::from_millis(2) >= wait, "it came after {:?}", begun.elapsed());
    trial.claim_nothing("the other is due in an hour").await;
}

pub(super) async fn what_was_due_before_it_was_kept_is_due(trial: Trial) {
    trial.keep([message("a").due(Some(ago(HOUR))), message("b").due(Some(Timestamp::UNIX_EPOCH))]).await;
    assert_eq!(trial.drain(TARGET).await, ["a", "b"], "both are late, the oldest first");
}

pub(super) async fn the_next_that_is_due_is_announced(trial: Trial) {
    trial.keep([message("a").due(Some(after(HOUR))), message("b").due(Some(after(HOUR * 3)))]).await;
    trial.keep([to("other", &message("c")).due(Some(after(Duration::from_secs(60))))]).await;
    let next =
        async || trial.store().claim(&wanted(&[(TARGET, 9)]), false).await.expect("it is answered").next;
    let first = next().await.expect("it is known when the next is due");
    assert!(first <= HOUR, "the first is due within the hour, not in {first:?}");
    trial.keep([message("d")]).await;
    trial.end(&trial.claim_one("d").await, Outcome::Retry(HOUR / 2)).await;
    let second = next().await.expect("it is known when the next is due");
    assert!(second <= HOUR / 2, "a retry is due in half an hour, not in {second:?}");
}

pub(super) async fn what_is_scheduled_may_be_cancelled(trial: Trial) {
    let (delivery, other) = (message("a").due(Some(after(HOUR))), message("b").due(Some(after(HOUR))));
    trial.keep([delivery.clone(), to("other", &delivery), other]).await;
    assert!(cancel(&trial, delivery.envelope.id).await, "it was scheduled");
    assert!(!cancel(&trial, delivery.envelope.id).await, "it is cancelled already");
    assert!(!cancel(&trial, Uuid::from_u128(1)).await, "there is no such message");
    let depths = trial.depths().await;
    assert_eq!(depths.keys().collect::<Vec<_>>(), [TARGET], "none of its deliveries is left");
    assert_eq!(depths[TARGET].scheduled, 1, "the other message is");
}

pub(super) async fn what_is_scheduled_behind_its_key_may_be_cancelled(trial: Trial) {
    let [a, b, c] = ["a", "b", "c"].map(|label| keyed(label, "k").due(Some(after(HOUR))));
    trial.keep([a.clone(), b.clone(), c]).await;
    assert!(cancel(&trial, b.envelope.id).await, "it was scheduled, and waited behind another");
    assert!(cancel(&trial, a.envelope.id).await, "it was scheduled");
    assert_eq!(trial.depths().await[TARGET].scheduled, 1, "the third is the first of its key now");
}

pub(super) async fn what_is_cancelled_behind_a_dead_letter_lets_nothing_go(trial: Trial) {
    let scheduled = keyed("b", "k").due(Some(after(HOUR)));
    trial.keep([keyed("a", "k")]).await;
    trial.bury("a").await;
    trial.keep([scheduled.clone(), keyed("c", "k")]).await;
    assert!(cancel(&trial, scheduled.envelope.id).await, "it was scheduled");
    trial.claim_nothing("the key waits for a decision about its dead letter").await;
    assert_eq!(trial.depths().await[TARGET].blocked, 1, "the third waits behind the first");
}

pub(super) async fn what_is_due_cannot_be_cancelled(trial: Trial) {
    let [ready, claimed, failed] = ["ready", "claimed", "failed"].map(message);
    trial.keep([failed.clone()]).await;
    trial.end(&trial.claim_one("failed").await, Outcome::Retry(HOUR)).await;
    trial.keep([claimed.clone()]).await;
    let held = trial.claim_one("claimed").await;
    trial.keep([ready.clone()]).await;
    assert!(!cancel(&trial, ready.envelope.id).await, "it is due");
    assert!(!cancel(&trial, claimed.envelope.id).await, "it is claimed");
    assert!(!cancel(&trial, failed.envelope.id).await, "it has been tried");
    trial.done(&held).await;
    trial.done(&trial.claim_one("ready").await).await;
}

pub(super) async fn a_batch_cancels_what_is_scheduled(trial: Trial) {
    let scheduled = message("a").due(Some(after(HOUR)));
    trial.keep([scheduled.clone()]).await;
    let mut batch: Batch = appending([message("b")]);
    batch.cancel = vec![scheduled.envelope.id, Uuid::from_u128(1)];
    trial.commit(batch).await.expect("what cannot be cancelled is no error");
    assert_eq!(trial.drain(TARGET).await, ["b"], "what came with it");
    trial.empty("the scheduled one is gone").await;
}

pub(super) async fn a_cancelled_message_may_be_scheduled_again(trial: Trial) {
    let delivery = message("a").due(Some(after(HOUR)));
    for _ in 0..2 {
        trial.keep([delivery.clone()]).await;
        assert!(cancel(&trial, delivery.envelope.id).await, "it was scheduled");
    }
    trial.keep([delivery.due(None)]).await;
    trial.claim_one("a").await;
}

pub(super) async fn a_schedule_fires_once_for_each_time(trial: Trial) {
    let last = async |name| trial.store().last_fired(name).await.expect("it is told when it last fired");
    assert_eq!(last("daily").await, None, "it has never fired");
    assert!(fire(&trial, "daily", second(0), "a").await, "the first time");
    assert!(!fire(&trial, "daily", second(0), "b").await, "the same time again");
    assert!(!fire(&trial, "daily", second(-60), "c").await, "an earlier time");
    assert!(fire(&trial, "daily", second(60), "d").await, "a later time");
    assert!(fire(&trial, "hourly", second(0), "e").await, "another schedule");
    assert_eq!(last("daily").await, Some(second(60)), "when it last fired");
    assert_eq!(last("hourly").await, Some(second(0)), "when the other did");
    assert_eq!(trial.drain(TARGET).await, ["a", "d", "e"], "one delivery for each time");
}

pub(super) async fn one_of_many_fires_a_schedule(trial: Trial) {
    let companion = trial.companion().await;
    for round in 0..5 {
        let firing: Vec<_> = (0..10)
            .map(|n| {
                let store = if n % 2 == 0 { trial.store() } else { companion.store() }.clone();
                tokio::spawn(async move { store.fire("daily", second(round), message("a")).await })
            })
            .collect();
        let mut fired = 0;
        for one in firing {
            fired += usize::from(one.await.expect("it does not panic").expect("a fire is answered"));
        }
        assert_eq!(fired, 1, "how many of ten fired");
        assert_eq!(trial.drain(TARGET).await, ["a"], "what was delivered");
    }
}
