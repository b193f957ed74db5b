//! The write slot: taken at the first statement, given on at the end, and taken
//! back from who keeps it.

use std::sync::Arc;
use std::time::Duration;

use anywise::prelude::*;
use anywise_sql::{Any, Sqlite, SqliteStore, Tx, sqlx};
use futures_util::TryStreamExt;
use tokio::sync::Notify;

use crate::support::{Folder, until};

anywise::slice!(pub SLICE = "sql-slot");

anywise_sql::migrations!("sql-slot", ["0001_t" => "CREATE TABLE t (n INTEGER NOT NULL)"]);

#[command(reply = String)]
struct Take {
    n: i64,
    how: How,
}

#[data]
enum How {
    /// Writes and returns.
    Quickly,
    /// Waits for the gate and then writes.
    WaitsBefore,
    /// Writes, waits for the gate and writes again.
    WaitsBetween,
    /// Writes, and then reads for ever.
    Computes,
    /// Writes for ever, in one statement.
    Floods,
    /// Leaves the rows of a statement half read, and waits.
    LeavesRows,
    /// Writes with a statement that ends every transaction when it fails.
    Ruins,
}

struct Gate(Notify);

const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

#[handler]
async fn take(cmd: Take, gate: &Gate, tx: &mut Tx<Any>) -> Result<String> {
    if let How::WaitsBefore = cmd.how {
        gate.0.notified().await;
    }
    write(tx, cmd.n).await?;
    match cmd.how {
        How::Quickly | How::WaitsBefore => {}
        How::WaitsBetween => {
            gate.0.notified().await;
            write(tx, cmd.n).await?;
        }
        How::Computes => {
            sqlx::query(ENDLESS).execute(&mut *tx).await?;
        }
        How::Floods => {
            let flood =
                "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT 0 FROM n) INSERT INTO t SELECT i FROM n";
            sqlx::query(flood).execute(&mut *tx).await?;
        }
        How::LeavesRows => {
            let endless = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
            let mut rows = sqlx::query(endless).fetch(&mut *tx);
            rows.try_next().await?;
            gate.0.notified().await;
            while rows.try_next().await?.is_some() {}
        }
        How::Ruins => {
            sqlx::raw_sql("CREATE UNIQUE INDEX one ON t (n)").execute(&mut *tx).await?;
            drop(sqlx::query("INSERT OR ROLLBACK INTO t VALUES ($1)").bind(cmd.n).execute(&mut *tx).await);
        }
    }
    Ok("done".to_owned())
}

async fn write(tx: &mut Tx<Any>, n: i64) -> Result<()> {
    sqlx::query("INSERT INTO t VALUES ($1)").bind(n).execute(&mut *tx).await?;
    Ok(())
}

struct Shop {
    app: App,
    gate: Arc<Gate>,
    _folder: Folder,
}

impl Shop {
    async fn open(limit: Duration) -> Self {
        let folder = Folder::new();
        let store = folder.options().hold_limit(limit).open().await.unwrap();
        let gate = Arc::new(Gate(Notify::new()));
        let builder = App::builder().slices([SLICE]).provide_arc(Arc::clone(&gate)).store(store);
        Self { app: builder.build().await.unwrap(), gate, _folder: folder }
    }

    async fn take(&self, n: i64, how: How) -> Result<String> {
        self.app.send(Take { n, how }).await
    }

    fn store(&self) -> &SqliteStore {
        let store: &dyn std::any::Any = &**self.app.store().unwrap();
        store.downcast_ref().unwrap()
    }

    async fn rows(&self) -> Vec<i64> {
        sqlx::query_scalar("SELECT n FROM t ORDER BY n").fetch_all(&self.store().reader()).await.unwrap()
    }
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn what_has_made_no_statement_holds_nothing() {
    let shop = Shop::open(LONG).await;
    let slow = shop.take(1, How::WaitsBefore);
    let quick = async {
        for n in 2..10 {
            shop.take(n, How::Quickly).await.unwrap();
        }
        shop.gate.0.notify_one();
    };
    let (slow, ()) = tokio::join!(slow, quick);
    slow.unwrap();
    assert_eq!(shop.rows().await.len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_the_slot_is_rolled_back_and_the_others_go_on() {
    for how in [How::WaitsBetween, How::Computes, How::LeavesRows] {
        let shop = Shop::open(SHORT).await;
        let held = shop.take(1, how);
        let others = async {
            until(async || shop.store().stats().slots == 1).await;
            shop.take(2, How::Quickly).await.unwrap();
            shop.gate.0.notify_one();
        };
        let (held, ()) = tokio::join!(held, others);
        let error = held.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("AW7011", Kind::Timeout));
        assert!(
            error.message().contains("`sql::slot::take` held the write slot for more than 100ms"),
            "{error}"
        );
        assert_eq!(shop.rows().await, [2]);
        let stats = shop.store().stats();
        assert_eq!((stats.revoked, stats.long_holds), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_for_ever_is_interrupted() {
    let shop = Shop::open(SHORT).await;
    assert_eq!(shop.take(1, How::Floods).await.unwrap_err().code(), "AW7011");
    shop.take(2, How::Quickly).await.unwrap();
    assert_eq!(shop.rows().await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ruins_the_transaction_is_told_and_the_next_is_well() {
    let shop = Shop::open(LONG).await;
    assert!(shop.take(1, How::Ruins).await.is_err());
    shop.take(2, How::Quickly).await.unwrap();
    assert_eq!(shop.rows().await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_in_a_statement_leaves_nothing() {
    let shop = Shop::open(Duration::from_millis(500)).await;
    let gone = tokio::time::timeout(Duration::from_millis(50), shop.take(1, How::Computes)).await;
    assert!(gone.is_err());
    shop.take(2, How::Quickly).await.unwrap();
    assert_eq!(shop.rows().await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_at_any_moment_leave_all_or_nothing() {
    let shop = Shop::open(LONG).await;
    for n in 0..200_u64 {
        let patience = Duration::from_micros(n * 37 % 3_000);
        let done = tokio::time::timeout(patience, shop.take(i64::try_from(n).unwrap(), How::Quickly)).await;
        if let Ok(done) = done {
            done.unwrap();
        }
    }
    shop.take(1_000, How::Quickly).await.unwrap();
    let rows = shop.rows().await;
    let mut once = rows.clone();
    once.dedup();
    assert_eq!(rows, once);
}

#[test]
fn a_transaction_of_another_database_is_refused() {
    assert_eq!(<Sqlite as anywise_sql::Database>::RESOURCE, "sqlite");
}
