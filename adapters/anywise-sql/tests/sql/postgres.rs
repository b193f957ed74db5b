//! The store on Postgres.
//!
//! The server is that of `ANYWISE_POSTGRES`, by default
//! `postgres://postgres@127.0.0.1:5432/test`; where there is none the tests say
//! so, and fail if `ANYWISE_REQUIRE` names `postgres`. Each test has a schema of
//! its own.

mod broker;
mod claims;
mod contract;
mod keys;
mod leases;
mod losses;
mod replies;
mod schema;
mod transactions;

use std::time::Duration;

use anywise_core::{Batch, Claimed, Delivery, Envelope, Outcome, Settlement, Store, Want};
use anywise_sql::sqlx::{self, Connection, Executor, PgConnection};
use anywise_sql::{Postgres, PostgresOptions, PostgresStore};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Tests at a time: a server has few connections, and others use it too.
static ROOM: Semaphore = Semaphore::const_new(3);

/// A schema that is dropped with the value.
pub(crate) struct Place {
    _room: SemaphorePermit<'static>,
    url: String,
    schema: String,
}

impl Place {
    /// A new one; none if there is no server.
    pub(crate) async fn make() -> Option<Self> {
        let url = std::env::var("ANYWISE_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let room = ROOM.acquire().await.unwrap();
        if let Err(error) = connect(&url).await {
            anywise_servers::skip("postgres", format!("no PostgreSQL at {url}: {error}"));
            return None;
        }
        Some(Self { _room: room, url, schema: format!("awtest_{}", uuid::Uuid::new_v4().simple()) })
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        Postgres::options(&self.url)
            .unwrap()
            .schema(&self.schema)
            .unwrap()
            .lease(Duration::from_secs(60))
            .connections(4)
    }

    /// A store that is open.
    pub(crate) async fn store(&self) -> PostgresStore {
        self.store_with(self.options()).await
    }

    pub(crate) async fn store_with(&self, options: PostgresOptions) -> PostgresStore {
        let store = options.connect().await.unwrap();
        store.open(&[]).await.unwrap();
        store
    }

    /// A connection beside the store.
    pub(crate) async fn aside(&self) -> PgConnection {
        let mut connection = connect(&self.url).await.unwrap();
        let path = format!("SET search_path TO {}", self.schema);
        connection.execute(sqlx::AssertSqlSafe(path)).await.unwrap();
        connection
    }

    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.aside().await).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (url, schema) = (self.url.clone(), self.schema.clone());
        // A thread with a runtime of its own: the test's may be ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut connection = connect(&url).await.unwrap();
                let drop = format!("SET client_min_messages = error; DROP SCHEMA IF EXISTS {schema} CASCADE");
                sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
            });
        });
        drop(dropped.join());
    }
}

/// Connects, as soon as the server has room.
async fn connect(url: &str) -> sqlx::Result<PgConnection> {
    for _ in 0..200 {
        match PgConnection::connect(url).await {
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "53300") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            result => return result,
        }
    }
    PgConnection::connect(url).await
}

pub(crate) fn delivery(target: &str, key: Option<&str>, body: impl Into<bytes::Bytes>) -> Delivery {
    let mut envelope = Envelope::json("test.Happened", body);
    envelope.key = key.map(str::to_owned);
    Delivery::new(target, envelope)
}

pub(crate) fn batch(append: impl IntoIterator<Item = Delivery>) -> Batch {
    let mut batch = Batch::default();
    batch.append.extend(append);
    batch
}

pub(crate) async fn claim(store: &PostgresStore, target: &str, most: u32) -> Vec<Claimed> {
    store.claim(&[Want { target: target.into(), most }], false).await.unwrap().claimed
}

pub(crate) async fn settle(store: &PostgresStore, claimed: &Claimed, outcome: Outcome) -> bool {
    store.settle(Settlement::new(claimed.claim, outcome)).await.unwrap()
}

pub(crate) fn body(claimed: &Claimed) -> String {
    String::from_utf8(claimed.delivery.envelope.body.to_vec()).unwrap()
}
