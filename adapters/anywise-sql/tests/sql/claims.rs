//! Claims, retries, keys and dead letters.

use std::time::Duration;

use anywise::{Batch, DeadLetters, Memory, Outcome, Remembered, Retention, Store, Timestamp, Uuid, Want};

use crate::support::{Folder, batch, claim, claim_of, delivery, ids, keep, number, settle};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_claimed_once_and_done_for_good() {
    let folder = Folder::new();
    let store = folder.store().await;
    let sent = keep(&store, [delivery("t", None), delivery("t", None), delivery("other", None)]).await;
    let claimed = claim(&store).await;
    assert_eq!(ids(&claimed), sent[..2]);
    assert_eq!((claimed[0].attempts, claimed[0].claim.epoch), (1, 1));
    assert!(claim(&store).await.is_empty());
    assert!(settle(&store, claimed[0].claim, Outcome::Done(None)).await);
    assert!(!settle(&store, claimed[0].claim, Outcome::Done(None)).await, "it is gone");
    assert_eq!(number(&store, "SELECT count(*) FROM aw_delivery").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_kept_once_for_each_target() {
    let folder = Folder::new();
    let store = folder.store().await;
    let one = delivery("t", None);
    let mut other = one.clone();
    other.target = "u".into();
    keep(&store, [one.clone(), other]).await;
    keep(&store, [one]).await;
    assert_eq!(number(&store, "SELECT count(*) FROM aw_delivery").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_one_by_one_in_the_order_of_its_commits() {
    let folder = Folder::new();
    let store = folder.store().await;
    let key = |key| delivery("t", Some(key));
    let sent = keep(&store, [key("a"), key("a"), key("b")]).await;
    let later = keep(&store, [key("a")]).await;
    let first = claim(&store).await;
    assert_eq!(ids(&first), [sent[0], sent[2]]);
    // A retry keeps its place.
    assert!(settle(&store, first[0].claim, Outcome::Retry(Duration::ZERO)).await);
    let again = claim(&store).await;
    assert_eq!((ids(&again), again[0].attempts, again[0].failures.len()), (vec![sent[0]], 2, 1));
    assert!(settle(&store, again[0].claim, Outcome::Skip).await);
    let second = claim(&store).await;
    assert_eq!(ids(&second), [sent[1]]);
    // A dead letter keeps the others back, also those that come later.
    assert!(settle(&store, second[0].claim, Outcome::DeadLetter("no".into())).await);
    keep(&store, [key("a")]).await;
    assert!(claim(&store).await.is_empty());
    let letter = store.dead_letters(DeadLetters::of("t")).await.unwrap().remove(0);
    assert_eq!((letter.reason.as_str(), letter.failures.len(), letter.attempts), ("no", 1, 1));
    assert!(store.replay(letter.id, None).await.unwrap());
    let replayed = claim(&store).await;
    assert_eq!((ids(&replayed), replayed[0].attempts, replayed[0].claim.epoch), (vec![sent[1]], 1, 2));
    assert!(settle(&store, replayed[0].claim, Outcome::Park("later".into())).await);
    let letter = store.dead_letters(DeadLetters::of("t")).await.unwrap().remove(0);
    assert!(letter.parked && letter.replays == 1);
    assert!(store.discard(letter.id).await.unwrap());
    assert!(!store.discard(letter.id).await.unwrap());
    assert_eq!(ids(&claim(&store).await), later);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_claim_is_lost_is_not_kept_and_its_neighbours_are() {
    let folder = Folder::new();
    let store = folder.store().await;
    keep(&store, [delivery("t", None), delivery("t", None)]).await;
    let claimed = claim(&store).await;
    assert!(settle(&store, claimed[0].claim, Outcome::Stop).await);
    let memory = Memory::new("m", None, "k");
    let mut stale = batch([delivery("u", None)]);
    stale.done = Some(claimed[0].claim);
    stale.remember = Some(Remembered::new(memory.clone(), Uuid::nil(), "text/plain", "reply".into()));
    let mut held = batch([delivery("v", None)]);
    held.done = Some(claimed[1].claim);
    let (stale, held) = tokio::join!(store.commit(stale), store.commit(held));
    assert_eq!(stale.unwrap_err().code(), "AW7020");
    held.unwrap();
    assert!(store.recall(&memory).await.unwrap().is_none());
    assert!(claim_of(&store, "u", 1).await.is_empty());
    assert_eq!(claim_of(&store, "v", 1).await.len(), 1);
    let again = claim(&store).await;
    assert_eq!(
        (ids(&again), again[0].attempts),
        (vec![claimed[0].delivery.envelope.id], 1),
        "stopped, not tried"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_with_one_key_one_is_remembered() {
    let folder = Folder::new();
    let store = folder.store().await;
    let memory = Memory::new("m", Some("me"), "k");
    let request = |reply: &'static str| {
        let mut batch = batch([delivery("t", None)]);
        batch.remember = Some(Remembered::new(memory.clone(), Uuid::max(), "text/plain", reply.into()));
        store.commit(batch)
    };
    let (one, two) = tokio::join!(request("one"), request("two"));
    let refused = [&one, &two].into_iter().filter_map(|result| result.as_ref().err()).collect::<Vec<_>>();
    assert_eq!(refused.iter().map(|error| error.code()).collect::<Vec<_>>(), ["AW1042"]);
    let reply = store.recall(&memory).await.unwrap().unwrap();
    assert_eq!(reply.reply, if one.is_ok() { "one" } else { "two" });
    assert_eq!(claim(&store).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_scheduled_comes_when_it_is_due_or_not_at_all() {
    let folder = Folder::new();
    let store = folder.store().await;
    let soon = Timestamp::now() + Duration::from_millis(150);
    let hour = Timestamp::now() + Duration::from_secs(3_600);
    let sent = keep(&store, [delivery("t", None).due(Some(soon)), delivery("t", None).due(Some(hour))]).await;
    let claims = store.claim(&[Want { target: "t".into(), most: 9 }], false).await.unwrap();
    assert!(claims.claimed.is_empty());
    tokio::time::sleep(claims.next.unwrap()).await;
    let claimed = claim(&store).await;
    assert!(Timestamp::now() >= soon);
    assert_eq!(ids(&claimed), sent[..1]);
    assert!(!store.cancel(sent[0]).await.unwrap(), "it is at work");
    assert!(store.cancel(sent[1]).await.unwrap());
    assert!(!store.cancel(sent[1]).await.unwrap());
    let depth = store.depth().await.unwrap();
    assert_eq!((depth.len(), depth[0].claimed, depth[0].scheduled), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_fires_once_for_each_due_time() {
    let folder = Folder::new();
    let store = folder.store().await;
    let due = Timestamp::now();
    let fire = || store.fire("nightly", due, delivery("t", None));
    let (one, two) = tokio::join!(fire(), fire());
    assert!(one.unwrap() != two.unwrap());
    assert_eq!(store.last_fired("nightly").await.unwrap(), Some(due));
    assert!(!store.fire("nightly", due - Duration::from_secs(1), delivery("t", None)).await.unwrap());
    assert!(store.fire("nightly", due + Duration::from_secs(1), delivery("t", None)).await.unwrap());
    assert_eq!(claim(&store).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_is_bounded_and_leaves_open_letters() {
    let folder = Folder::new();
    let store = folder.store().await;
    for n in 0..3 {
        let mut batch = Batch::default();
        let memory = Memory::new("m", None, &n.to_string());
        batch.remember = Some(Remembered::new(memory, Uuid::nil(), "text/plain", "r".into()));
        store.commit(batch).await.unwrap();
    }
    keep(&store, [delivery("t", None), delivery("t", None)]).await;
    for one in claim(&store).await {
        settle(&store, one.claim, Outcome::DeadLetter("no".into())).await;
    }
    let letters = store.dead_letters(DeadLetters::default()).await.unwrap();
    assert!(store.discard(letters[0].id).await.unwrap());
    let mut retention = Retention::default();
    retention.batch = 2;
    assert_eq!(store.sweep(&retention).await.unwrap(), 0);
    retention.most_replies = 1;
    retention.most_settled_dead_letters = 0;
    assert_eq!(store.sweep(&retention).await.unwrap(), 3);
    retention.replies = Duration::ZERO;
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(store.sweep(&retention).await.unwrap(), 1);
    assert_eq!(store.sweep(&retention).await.unwrap(), 0);
    assert_eq!(store.dead_letters(DeadLetters::default()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_is_a_dead_letter_and_never_delivered() {
    let folder = Folder::new();
    let store = folder.store().await;
    let sent = keep(&store, [delivery("t", None), delivery("t", None)]).await;
    store.close().await.unwrap();
    let options = anywise_sql::sqlx::sqlite::SqliteConnectOptions::new().filename(folder.file());
    let mut raw = anywise_sql::sqlx::ConnectOptions::connect(&options).await.unwrap();
    let damage = "UPDATE aw_delivery SET body = x'00' WHERE id = 1";
    anywise_sql::sqlx::raw_sql(damage).execute(&mut raw).await.unwrap();
    anywise_sql::sqlx::Connection::close(raw).await.unwrap();
    let store = folder.store().await;
    assert_eq!(ids(&claim(&store).await), sent[1..]);
    let letters = store.dead_letters(DeadLetters::default()).await.unwrap();
    assert_eq!((letters.len(), letters[0].envelope.id), (1, sent[0]));
    assert!(letters[0].reason.contains("AW7010"), "{}", letters[0].reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_nobody_takes_are_given_back() {
    let folder = Folder::new();
    let store = folder.store().await;
    keep(&store, [delivery("t", None)]).await;
    {
        // Polled once: it is asked for, and then nobody waits.
        let wants = [Want { target: "t".into(), most: 9 }];
        let mut claim = std::pin::pin!(store.claim(&wants, false));
        std::future::poll_fn(|cx| {
            drop(claim.as_mut().poll(cx));
            std::task::Poll::Ready(())
        })
        .await;
    }
    crate::support::until(async || !claim(&store).await.is_empty()).await;
}
