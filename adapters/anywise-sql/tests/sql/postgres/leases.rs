//! What a process that stood still may not do any more.

use std::time::Duration;

use anywise_core::{Batch, Claimed, Outcome, Store};

use super::{Place, batch, claim, delivery, settle};
use anywise_sql::{PostgresOptions, PostgresStore};

/// Claims are held for a second.
fn brief(place: &Place) -> PostgresOptions {
    place.options().lease(Duration::from_secs(1))
}

/// Claims as soon as somebody else's claim has run out.
async fn take_over(store: &PostgresStore) -> Claimed {
    let taken = async {
        loop {
            if let Some(claimed) = claim(store, "t", 1).await.pop() {
                return claimed;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), taken).await.expect("a claim runs out in a second")
}

#[tokio::test]
async fn a_claim_that_ran_out_is_another_processs_and_cannot_be_settled_or_committed() {
    let Some(place) = Place::make().await else { return };
    let (zombie, heir) = (place.store_with(brief(&place)).await, place.store_with(brief(&place)).await);
    zombie.commit(batch([delivery("t", Some("k"), "1"), delivery("t", Some("k"), "2")])).await.unwrap();
    let stale = claim(&zombie, "t", 1).await.remove(0);
    assert!(zombie.begin(stale.claim).await.unwrap(), "it is held");
    assert!(claim(&heir, "t", 1).await.is_empty(), "it is held");
    let taken = take_over(&heir).await;
    assert_eq!((taken.claim.id, taken.losses, taken.attempts), (stale.claim.id, 1, 2));

    assert!(zombie.renew(&[stale.claim]).await.unwrap().is_empty());
    for outcome in [
        Outcome::Done(None),
        Outcome::Retry(Duration::ZERO),
        Outcome::DeadLetter("no".into()),
        Outcome::Park("no".into()),
        Outcome::Skip,
        Outcome::Stop,
    ] {
        assert!(!settle(&zombie, &stale, outcome).await);
    }
    let mut effect = batch([delivery("t", None, "of a zombie")]);
    effect.done = Some(stale.claim);
    assert_eq!(zombie.commit(effect).await.unwrap_err().code(), "AW7020");
    assert_eq!(place.number("SELECT count(*) FROM aw_delivery").await, 2);

    let mut effect = Batch::default();
    effect.done = Some(taken.claim);
    heir.commit(effect).await.unwrap();
    assert_eq!(claim(&heir, "t", 1).await.len(), 1, "the next of the key goes");
}

#[tokio::test]
async fn a_claim_that_is_renewed_is_kept() {
    let Some(place) = Place::make().await else { return };
    let (store, other) = (place.store_with(brief(&place)).await, place.store_with(brief(&place)).await);
    store.commit(batch([delivery("t", None, "1")])).await.unwrap();
    let held = claim(&store, "t", 1).await.remove(0);
    let every = store.traits().renew.unwrap();
    for _ in 0..8 {
        tokio::time::sleep(every).await;
        assert_eq!(store.renew(&[held.claim]).await.unwrap(), [held.claim]);
        assert!(claim(&other, "t", 1).await.is_empty());
    }
    assert!(settle(&store, &held, Outcome::Done(None)).await);
    assert!(store.renew(&[held.claim]).await.unwrap().is_empty());
}
