//! Many callers, few commits.

use std::sync::Arc;

use anywise::Store;
use tokio::task::JoinSet;

use crate::support::{Folder, batch, claim_of, delivery, number, settle};

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_come_together_share_a_commit() {
    let folder = Folder::new();
    let store = Arc::new(folder.store().await);
    let before = store.stats().commits;
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            for _ in 0..10 {
                store.commit(batch([delivery("t", None)])).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    let commits = store.stats().commits - before;
    assert!(commits < 640 / 4, "{commits} commits for 640 batches");
    assert_eq!(number(&store, "SELECT count(*) FROM aw_delivery").await, 640);
}

#[tokio::test(flavor = "multi_thread")]
async fn settlements_that_come_together_share_a_commit() {
    let folder = Folder::new();
    let store = Arc::new(folder.store().await);
    store.commit(batch((0..200).map(|_| delivery("t", None)))).await.unwrap();
    let claimed = claim_of(&store, "t", 200).await;
    let before = store.stats().commits;
    let mut callers = JoinSet::new();
    for one in claimed {
        let store = Arc::clone(&store);
        callers.spawn(async move { settle(&store, one.claim, anywise::Outcome::Done(None)).await });
    }
    assert!(callers.join_all().await.into_iter().all(|held| held));
    assert!(store.stats().commits - before < 50);
    assert_eq!(number(&store, "SELECT count(*) FROM aw_delivery").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_can_bring_nothing_commits_nothing() {
    let folder = Folder::new();
    let store = folder.store().await;
    assert!(claim_of(&store, "t", 9).await.is_empty());
    let before = store.stats().commits;
    assert!(claim_of(&store, "t", 9).await.is_empty());
    assert_eq!(store.stats().commits, before);
}
