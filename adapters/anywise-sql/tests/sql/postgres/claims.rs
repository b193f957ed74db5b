//! Two processes share the work, and never a delivery.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anywise_core::{DeadLetters, Outcome, Store, Want};
use anywise_sql::sqlx;

use super::{Place, batch, claim, delivery, settle};

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_never_claim_the_same_delivery() {
    let Some(place) = Place::make().await else { return };
    let stores = [Arc::new(place.store().await), Arc::new(place.store().await)];
    for n in 0..20 {
        let many = (0..50).map(|m| delivery("t", None, format!("{n}/{m}")));
        stores[n % 2].commit(batch(many)).await.unwrap();
    }
    let claimers = (0..8).map(|n| {
        let store = Arc::clone(&stores[n % 2]);
        tokio::spawn(async move {
            let mut ids = Vec::new();
            loop {
                let claimed = claim(&store, "t", 7).await;
                if claimed.is_empty() {
                    return ids;
                }
                for claimed in claimed {
                    ids.push(claimed.claim.id);
                    assert!(settle(&store, &claimed, Outcome::Done(None)).await);
                }
            }
        })
    });
    let mut all = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        all.extend(claimer.await.unwrap());
    }
    assert_eq!(all.len(), 1_000);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 1_000);
    assert!(stores[0].depth().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_claim_takes_the_oldest_of_each_target_and_no_more_than_there_is_room_for() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    let all = (0..6).map(|n| delivery(if n % 2 == 0 { "even" } else { "odd" }, None, n.to_string()));
    store.commit(batch(all)).await.unwrap();
    let wants = [Want { target: "odd".into(), most: 2 }, Want { target: "even".into(), most: 1 }];
    let claims = store.claim(&wants, false).await.unwrap();
    assert_eq!(claims.claimed.iter().map(super::body).collect::<Vec<_>>(), ["0", "1", "3"]);
    assert_eq!(claims.next, None);
}

#[tokio::test]
async fn a_message_is_kept_once_for_a_target() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    let one = delivery("t", Some("k"), "1");
    let mut other = one.clone();
    other.target = "u".into();
    store.commit(batch([one.clone(), one.clone(), other])).await.unwrap();
    store.commit(batch([one, delivery("t", Some("k"), "2")])).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM aw_delivery").await, 3);
    let first = claim(&store, "t", 9).await;
    assert_eq!(first.iter().map(super::body).collect::<Vec<_>>(), ["1"]);
}

#[tokio::test]
async fn a_damaged_row_is_a_dead_letter_and_is_never_delivered() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    store.commit(batch([delivery("t", None, "whole"), delivery("t", None, "damaged")])).await.unwrap();
    let damage = "UPDATE aw_delivery SET body = 'other' WHERE body = 'damaged'";
    sqlx::query(damage).execute(&mut place.aside().await).await.unwrap();
    let claimed = claim(&store, "t", 9).await;
    assert_eq!(claimed.iter().map(super::body).collect::<Vec<_>>(), ["whole"]);
    let letter = store.dead_letters(DeadLetters::of("t")).await.unwrap().remove(0);
    assert!(letter.reason.contains("AW7010"), "{}", letter.reason);
    assert!(store.replay(letter.id, None).await.unwrap());
    assert!(claim(&store, "t", 9).await.is_empty(), "damage stays damage");
}

#[tokio::test]
async fn closing_gives_claims_back() {
    let Some(place) = Place::make().await else { return };
    let (store, other) = (place.store().await, place.store().await);
    store.commit(batch([delivery("t", None, "1")])).await.unwrap();
    assert_eq!(claim(&store, "t", 1).await.len(), 1);
    assert!(claim(&other, "t", 1).await.is_empty());
    store.close().await.unwrap();
    let again = claim(&other, "t", 1).await;
    assert_eq!((again[0].attempts, again[0].losses), (1, 0));
}

#[tokio::test]
async fn one_of_many_that_cannot_be_stored_fails_alone() {
    let Some(place) = Place::make().await else { return };
    let store = Arc::new(place.store().await);
    let asked = (0..64).map(|n| {
        let store = Arc::clone(&store);
        let key = (n == 13).then_some("no\0such");
        tokio::spawn(async move { store.commit(batch([delivery("t", key, n.to_string())])).await.is_ok() })
    });
    for (n, asked) in asked.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(asked.await.unwrap(), n != 13, "{n}");
    }
    assert_eq!(claim(&store, "t", 100).await.len(), 63);
}

#[tokio::test]
async fn suspects_are_claimed_only_when_asked_for_and_none_is_held() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    store.commit(batch((0..3).map(|n| delivery("t", None, n.to_string())))).await.unwrap();
    let lose = "UPDATE aw_delivery SET losses = 3 WHERE body <> '1'";
    sqlx::query(lose).execute(&mut place.aside().await).await.unwrap();
    let wants = [Want { target: "t".into(), most: 9 }];
    let normal = store.claim(&wants, false).await.unwrap().claimed;
    assert_eq!(normal.iter().map(super::body).collect::<Vec<_>>(), ["1"]);
    let suspect = store.claim(&wants, true).await.unwrap().claimed;
    assert_eq!(suspect.iter().map(super::body).collect::<Vec<_>>(), ["0", "2"]);
    assert!(store.claim(&wants, true).await.unwrap().claimed.is_empty(), "some are held");
}

/// The index of what is claimed has every row that was claimed since it was last
/// vacuumed; while the planner believes that few are, it is the shorter way to it.
#[tokio::test]
async fn what_is_known_by_its_number_is_not_looked_for_among_all_that_is_claimed() {
    let Some(place) = Place::make().await else { return };
    let node = format!("plans-{}", uuid::Uuid::new_v4().simple());
    let store = place.store_with(place.options().node(node.clone())).await;
    store.commit(batch((0..1_000).map(|n| delivery("t", None, n.to_string())))).await.unwrap();
    sqlx::query("ANALYZE aw_delivery").execute(&mut place.aside().await).await.unwrap();
    let all = claim(&store, "t", 256).await;
    let claims: Vec<_> = all.iter().map(|one| one.claim).collect();
    for one in &all {
        assert!(store.begin(one.claim).await.unwrap());
        assert_eq!(store.renew(&claims[250..]).await.unwrap().len(), 6);
    }
    for (n, one) in all.iter().enumerate().take(250) {
        let outcome = if n % 2 == 0 { Outcome::Done(None) } else { Outcome::Retry(Duration::from_secs(60)) };
        assert!(settle(&store, one, outcome).await);
    }
    drop(store);
    // A session tells what it has scanned when it ends, at the latest.
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'anywise/' || $1";
    let mut aside = place.aside().await;
    while sqlx::query_scalar::<_, i64>(left).bind(&node).fetch_one(&mut aside).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let scans = "SELECT idx_scan FROM pg_stat_user_indexes
                 WHERE schemaname = current_schema AND indexrelname = 'aw_delivery_claimed'";
    let scans: i64 = sqlx::query_scalar(scans).fetch_one(&mut aside).await.unwrap();
    assert!(scans < 30, "it was scanned {scans} times");
}
