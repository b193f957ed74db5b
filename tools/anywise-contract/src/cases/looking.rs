//! What waits is told, and what nobody waits for is swept away.

use std::time::{Duration, Instant};

use anywise_core::{DeadLetters, Memory, Outcome, Retention};

use crate::trial::{HOUR, TARGET, Trial, after, counts, eventually, keyed, message, remembering, to};

pub(super) async fn depth_counts_every_state(trial: Trial) {
    trial.keep([keyed("dead", "k"), keyed("behind", "k")]).await;
    trial.bury("dead").await;
    trial.keep([message("failed"), message("held")]).await;
    let claimed = trial.claim(2).await;
    trial.end(&claimed[0], Outcome::Retry(HOUR)).await;
    trial.keep([message("a"), message("b"), message("c").due(Some(after(HOUR))), keyed("x", "k")]).await;
    trial.keep([to("other", &message("d"))]).await;
    let depths = trial.depths().await;
    assert_eq!(depths.keys().collect::<Vec<_>>(), [TARGET, "other"], "the targets for which something waits");
    // Ready, scheduled, retrying, claimed, blocked, dead.
    assert_eq!(
        counts(&depths[TARGET]),
        [2, 1, 1, 1, 2, 1],
        "ready, scheduled, retrying, claimed, blocked, dead"
    );
    assert_eq!(counts(&depths["other"]), [1, 0, 0, 0, 0, 0], "of the other target");
}

pub(super) async fn depth_tells_how_long_the_oldest_waits(trial: Trial) {
    let begun = Instant::now();
    trial.keep([message("later").due(Some(after(HOUR))), message("a")]).await;
    let least = Duration::from_millis(50);
    let oldest = eventually("the oldest has waited for 50 ms", async || {
        let oldest = trial.depths().await[TARGET].oldest;
        (oldest >= least).then_some(oldest)
    });
    let oldest = oldest.await;
    assert!(oldest <= begun.elapsed() + Duration::from_secs(1), "it has not waited for {oldest:?}");
    trial.claim_one("a").await;
    assert_eq!(trial.depths().await[TARGET].oldest, Duration::ZERO, "nothing that is due waits");
}

async fn remember(trial: &Trial, count: usize) -> Vec<Memory> {
    let memories: Vec<_> = (0..count).map(|n| Memory::new("contract.Ask", None, &n.to_string())).collect();
    for memory in &memories {
        trial.commit(remembering(memory, "reply")).await.expect("it is the first");
    }
    memories
}

async fn remembered(trial: &Trial, memories: &[Memory]) -> usize {
    let mut count = 0;
    for memory in memories {
        count += usize::from(trial.recall(memory).await.is_some());
    }
    count
}

async fn sweep(trial: &Trial, retention: &Retention) -> u64 {
    trial.store().sweep(retention).await.expect("a sweep is answered")
}

pub(super) async fn a_sweep_takes_one_batch_at_a_time(trial: Trial) {
    let memories = remember(&trial, 10).await;
    let mut retention = Retention::default();
    (retention.most_replies, retention.batch) = (3, 4);
    for (swept, left) in [(4, 6), (3, 3), (0, 3)] {
        assert_eq!(sweep(&trial, &retention).await, swept, "rows of one sweep, of which there are at most 4");
        assert_eq!(remembered(&trial, &memories).await, left, "replies left, of which 3 are to stay");
    }
}

pub(super) async fn a_sweep_forgets_what_is_old(trial: Trial) {
    let memories = remember(&trial, 3).await;
    assert_eq!(sweep(&trial, &Retention::default()).await, 0, "nothing is a day old");
    let mut retention = Retention::default();
    retention.replies = Duration::from_millis(1);
    eventually("replies are forgotten after 1 ms", async || {
        sweep(&trial, &retention).await;
        (remembered(&trial, &memories).await == 0).then_some(())
    })
    .await;
    trial.commit(remembering(&memories[0], "again")).await.expect("what was forgotten is new");
}

pub(super) async fn a_sweep_keeps_what_is_open(trial: Trial) {
    for label in ["a", "b", "c", "d"] {
        trial.keep([message(label)]).await;
        trial.bury(label).await;
    }
    trial.keep([message("e")]).await;
    let letters = trial.letters(DeadLetters::default()).await;
    for letter in &letters[..2] {
        assert!(trial.store().discard(letter.id).await.expect("a discard is answered"), "it was open");
    }
    let mut retention = Retention::default();
    (retention.most_settled_dead_letters, retention.settled_dead_letters) = (0, Duration::ZERO);
    let mut swept = 0;
    while let rows @ 1.. = sweep(&trial, &retention).await {
        swept += rows;
    }
    assert_eq!(swept, 2, "the two that were discarded");
    let mut all = DeadLetters::default();
    all.all = true;
    assert_eq!(trial.letters(all).await.len(), 2, "open letters are never dropped");
    assert_eq!(trial.drain(TARGET).await, ["e"], "nor are deliveries");
}
