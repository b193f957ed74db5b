//! A store in a folder of its own, and words for what is done to it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anywise::{Batch, Claim, Claimed, Delivery, Envelope, Failure, Outcome, Settlement, Store, Uuid, Want};
use anywise_sql::{Sqlite, SqliteOptions, SqliteStore, sqlx};

/// A folder that goes with its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("anywise-sql-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("test.db")
    }

    pub(crate) fn options(&self) -> SqliteOptions {
        Sqlite::options(self.file())
    }

    pub(crate) async fn store(&self) -> SqliteStore {
        self.options().open().await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(crate) fn delivery(target: &str, key: Option<&str>) -> Delivery {
    let mut envelope = Envelope::json("test.Happened", r#"{"n":1}"#);
    envelope.key = key.map(str::to_owned);
    Delivery::new(target, envelope)
}

pub(crate) fn batch(append: impl IntoIterator<Item = Delivery>) -> Batch {
    let mut batch = Batch::default();
    batch.append.extend(append);
    batch
}

pub(crate) async fn keep(store: &SqliteStore, append: impl IntoIterator<Item = Delivery>) -> Vec<Uuid> {
    let batch = batch(append);
    let ids = batch.append.iter().map(|one| one.envelope.id).collect();
    store.commit(batch).await.unwrap();
    ids
}

pub(crate) async fn claim_of(store: &SqliteStore, target: &str, most: u32) -> Vec<Claimed> {
    store.claim(&[Want { target: target.into(), most }], false).await.unwrap().claimed
}

pub(crate) async fn claim(store: &SqliteStore) -> Vec<Claimed> {
    claim_of(store, "t", 100).await
}

pub(crate) fn ids(claimed: &[Claimed]) -> Vec<Uuid> {
    claimed.iter().map(|one| one.delivery.envelope.id).collect()
}

pub(crate) async fn settle(store: &SqliteStore, claim: Claim, outcome: Outcome) -> bool {
    let failure = Failure::new(1, "test.failed", "it failed");
    store.settle(Settlement::new(claim, outcome).because(failure)).await.unwrap()
}

/// A number of the database.
pub(crate) async fn number(store: &SqliteStore, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&store.reader()).await.unwrap()
}

/// Waits until `is` is true.
pub(crate) async fn until(is: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.expect("it comes to pass");
}
