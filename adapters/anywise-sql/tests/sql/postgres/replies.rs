//! One request, one reply.

use std::sync::Arc;

use anywise_core::{Memory, Remembered, Retention, Store};
use uuid::Uuid;

use super::{Place, batch, claim, delivery};

fn reply(key: &str, text: &str) -> Remembered {
    Remembered::new(Memory::new("m", None, key), Uuid::from_u128(1), "text/plain", text.to_owned().into())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_answer_the_same_request_one_wins_and_nothing_of_the_others_is_kept() {
    let Some(place) = Place::make().await else { return };
    let stores = [Arc::new(place.store().await), Arc::new(place.store().await)];
    for round in 0..20 {
        let racers = (0..16).map(|n: usize| {
            let store = Arc::clone(&stores[n % 2]);
            tokio::spawn(async move {
                let mut batch = batch([delivery("t", None, n.to_string())]);
                batch.remember = Some(reply(&round.to_string(), &n.to_string()));
                (n, store.commit(batch).await)
            })
        });
        let mut won = Vec::new();
        for racer in racers.collect::<Vec<_>>() {
            let (n, result) = racer.await.unwrap();
            match result {
                Ok(()) => won.push(n.to_string()),
                Err(error) => assert_eq!(error.code(), "AW1042"),
            }
        }
        assert_eq!(won.len(), 1);
        let known = stores[0].recall(&Memory::new("m", None, &round.to_string())).await.unwrap().unwrap();
        assert_eq!(known, reply(&round.to_string(), &won[0]));
        let kept = claim(&stores[1], "t", 99).await;
        assert_eq!(kept.iter().map(super::body).collect::<Vec<_>>(), won);
    }
}

#[tokio::test]
async fn a_claim_and_a_memory_in_one_batch_are_kept_together_or_not_at_all() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    store.commit(batch([delivery("t", None, "1")])).await.unwrap();
    let held = claim(&store, "t", 1).await.remove(0);
    let mut first = batch([]);
    first.remember = Some(reply("k", "first"));
    store.commit(first).await.unwrap();
    let mut both = batch([delivery("u", None, "effect")]);
    both.done = Some(held.claim);
    both.remember = Some(reply("k", "second"));
    assert_eq!(store.commit(both).await.unwrap_err().code(), "AW1042");
    assert_eq!(store.renew(&[held.claim]).await.unwrap(), [held.claim], "the claim has not ended");
    assert!(claim(&store, "u", 1).await.is_empty());
}

#[tokio::test]
async fn replies_are_swept_by_number_in_batches() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    for n in 0..5 {
        let mut one = batch([]);
        one.remember = Some(reply(&n.to_string(), "x"));
        store.commit(one).await.unwrap();
    }
    let mut retention = Retention::default();
    retention.most_replies = 2;
    retention.batch = 2;
    let mut swept = Vec::new();
    while let Some(rows) = Some(store.sweep(&retention).await.unwrap()).filter(|rows| *rows > 0) {
        swept.push(rows);
    }
    assert_eq!(swept, [2, 1]);
    assert!(store.recall(&Memory::new("m", None, "2")).await.unwrap().is_none());
    assert!(store.recall(&Memory::new("m", None, "3")).await.unwrap().is_some());
}
