//! The file: who may have it, what it looks like, and what is found in it.

use anywise::{Outcome, SUSPECT, Store, Want};
use anywise_core::{Acceptance, Arrival, Uuid};
use anywise_sql::{Sqlite, sqlx};
use sqlx::Connection as _;

use crate::support::{Folder, claim, delivery, free, ids, keep, number, settle};

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
    assert!(store.begin(one.claim).await.unwrap());
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
async fn suspects_run_without_others() {
    let folder = Folder::new();
    let mut store = folder.store().await;
    keep(&store, [delivery("t", None), delivery("t", None)]).await;
    for _ in 0..SUSPECT {
        let claimed = claim(&store).await;
        assert_eq!(claimed.len(), 2);
        for one in claimed {
            assert!(store.begin(one.claim).await.unwrap());
        }
        drop(store);
        store = reopen(&folder).await;
    }
    let fresh = keep(&store, [delivery("t", None)]).await;
    let wants = [Want { target: "t".into(), most: 9 }];
    assert_eq!(ids(&claim(&store).await), fresh, "no suspects, if it is not to be alone");
    let first = store.claim(&wants, true).await.unwrap().claimed;
    assert_eq!((first.len(), first[0].losses), (2, SUSPECT));
    assert!(store.claim(&wants, true).await.unwrap().claimed.is_empty(), "no others beside them");
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

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_file_is_damaged_fails_for_good() {
    use std::os::unix::fs::FileExt;

    let folder = Folder::new();
    let store = folder.store().await;
    keep(&store, [delivery("t", None)]).await;
    let root = number(&store, "SELECT rootpage FROM sqlite_schema WHERE name = 'aw_delivery_ready'").await;
    store.close().await.unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(folder.file()).unwrap();
    file.write_all_at(&[0xff; 4096], (u64::try_from(root).unwrap() - 1) * 4096).unwrap();

    let store = folder.store().await;
    let wants = [Want { target: "t".into(), most: 9 }];
    let error = store.claim(&wants, false).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("AW7003", anywise::Kind::Unavailable));
    assert_eq!(store.failed().await.code(), "AW7003");
    assert_eq!(
        store.commit(crate::support::batch([delivery("t", None)])).await.unwrap_err().code(),
        "AW7003"
    );
    assert_eq!(store.depth().await.unwrap_err().code(), "AW7003");
    store.close().await.unwrap_err();
}

/// Opens a store whose last process has ended without a word.
async fn reopen(folder: &Folder) -> anywise_sql::SqliteStore {
    free(folder).await;
    folder.store().await
}

/// The tables as the first version of this program made them.
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_an_older_program_are_brought_up_to_date() {
    let folder = Folder::new();
    let store = folder.store().await;
    let sent = keep(&store, [delivery("t", None)]).await;
    store.close().await.unwrap();
    let url = format!("sqlite://{}", folder.file().display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let older =
        "DROP TABLE aw_inbox; DROP INDEX aw_dead_message; UPDATE aw_meta SET v = '1' WHERE k = 'schema'";
    sqlx::raw_sql(older).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let store = folder.store().await;
    let arrival = || Arrival::new("g", Uuid::from_u128(1), Uuid::nil(), Vec::new());
    assert_eq!(store.accept(vec![arrival()]).await.unwrap(), [Acceptance::New]);
    assert_eq!(store.accept(vec![arrival()]).await.unwrap(), [Acceptance::Known]);
    assert_eq!(ids(&claim(&store).await), sent);
    assert_eq!(number(&store, "SELECT CAST(v AS INTEGER) FROM aw_meta WHERE k = 'schema'").await, 2);
}
