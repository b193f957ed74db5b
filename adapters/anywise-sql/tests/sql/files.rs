//! The file: who may have it, what it looks like, and what is found in it.

use anywise::{Outcome, SUSPECT, Store, Want};
use anywise_sql::Sqlite;

use crate::support::{Folder, claim, delivery, ids, keep, number, settle};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_store_on_the_same_file_is_refused() {
    let folder = Folder::new();
    let store = folder.store().await;
    let error = folder.options().open().await.unwrap_err();
    assert_eq!(error.code(), "AW7002");
    assert!(error.message().contains(&format!("process {}", std::process::id())), "{error}");
    store.close().await.unwrap();
    folder.store().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_memory_is_refused() {
    for path in [":memory:", "", "file::memory:?cache=shared"] {
        assert_eq!(Sqlite::open(path).await.unwrap_err().code(), "AW3021");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_had_claimed_when_it_ended_counts_as_lost() {
    let folder = Folder::new();
    let store = folder.store().await;
    let sent = keep(&store, [delivery("t", None), delivery("t", None)]).await;
    let [one, other] = &claim(&store).await[..] else { panic!("two were kept") };
    assert!(settle(&store, other.claim, Outcome::Done(None)).await);
    drop(store);
    let store = reopen(&folder).await;
    let again = claim(&store).await;
    assert_eq!((ids(&again), again[0].attempts, again[0].losses), (vec![sent[0]], 2, 1));
    assert!(!settle(&store, one.claim, Outcome::Done(None)).await, "the old claim is worth nothing");
    assert_eq!(store.renew(&[one.claim, again[0].claim]).await.unwrap(), [again[0].claim]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_closed_has_lost_nothing() {
    let folder = Folder::new();
    let store = folder.store().await;
    keep(&store, [delivery("t", None)]).await;
    claim(&store).await;
    store.close().await.unwrap();
    assert_eq!(
        store.commit(crate::support::batch([delivery("t", None)])).await.unwrap_err().code(),
        "AW7004"
    );
    let store = folder.store().await;
    let again = claim(&store).await;
    assert_eq!((again[0].attempts, again[0].losses), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspect_runs_alone() {
    let folder = Folder::new();
    let mut store = folder.store().await;
    keep(&store, [delivery("t", None), delivery("t", None)]).await;
    for _ in 0..SUSPECT {
        assert_eq!(claim(&store).await.len(), 2);
        drop(store);
        store = reopen(&folder).await;
    }
    let fresh = keep(&store, [delivery("t", None)]).await;
    let wants = [Want { target: "t".into(), most: 9 }];
    assert_eq!(ids(&claim(&store).await), fresh, "no suspects, if it is not to be alone");
    let first = store.claim(&wants, true).await.unwrap().claimed;
    assert_eq!((first.len(), first[0].losses), (1, SUSPECT));
    assert!(store.claim(&wants, true).await.unwrap().claimed.is_empty(), "one at a time");
    assert!(settle(&store, first[0].claim, Outcome::Done(None)).await);
    assert_eq!(store.claim(&wants, true).await.unwrap().claimed.len(), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let store = folder.store().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.path()), 0o600);
    assert_eq!(mode(store.path().parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.file().with_extension("db-wal")), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_cannot_write() {
    let folder = Folder::new();
    let store = folder.store().await;
    let written = anywise_sql::sqlx::query("DELETE FROM aw_delivery").execute(&store.reader()).await;
    assert!(written.unwrap_err().to_string().contains("readonly"));
    assert_eq!(number(&store, "PRAGMA query_only").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_kept_short() {
    let folder = Folder::new();
    let store = folder.store().await;
    let mut big = delivery("t", None);
    big.envelope.body = vec![7_u8; 512 * 1024].into();
    for _ in 0..120 {
        let mut one = big.clone();
        one.envelope.id = anywise::Uuid::now_v7();
        keep(&store, [one]).await;
    }
    let log = std::fs::metadata(folder.file().with_extension("db-wal")).unwrap().len();
    assert!(log < 16 << 20, "{log} bytes");
    assert!(store.stats().checkpoints >= 10);
}

/// Opens a store whose last process has ended without a word.
async fn reopen(folder: &Folder) -> anywise_sql::SqliteStore {
    loop {
        match folder.options().open().await {
            Ok(store) => return store,
            // The writer of the one that was dropped is about to end.
            Err(error) => assert_eq!(error.code(), "AW7002"),
        }
        tokio::task::yield_now().await;
    }
}
