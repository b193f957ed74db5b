//! Transactions of handlers: with everything else their message did, or not at
//! all.

use std::time::Duration;

use anywise::prelude::*;
use anywise_sql::{Any, Reader, Sqlite, Tx, sqlx};

use crate::support::Folder;

anywise::slice!(pub SLICE = "sql-shop");

anywise_sql::migrations!("sql-shop", [
    "0001_orders" => "CREATE TABLE orders (id TEXT PRIMARY KEY, cents BIGINT NOT NULL);
                      CREATE TABLE sent (id TEXT NOT NULL);",
]);

#[command(key = id, reply = u64)]
struct Place {
    id: String,
    how: How,
}

#[data]
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Well,
    Fails,
    Panics,
    Sleeps,
    Commits,
}

#[event(key = id)]
struct Placed {
    id: String,
}

#[handler]
async fn place(cmd: Place, tx: &mut Tx<Any>, events: &mut Events<(Placed,)>) -> Result<u64> {
    let rows = sqlx::query("INSERT INTO orders (id, cents) VALUES ($1, $2)")
        .bind(&cmd.id)
        .bind(100_i64)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    events.publish(Placed { id: cmd.id });
    match cmd.how {
        How::Well => {}
        How::Fails => return Err(Error::new(Kind::Conflict, "shop.closed", "the shop is closed")),
        How::Panics => panic!("in the middle"),
        How::Sleeps => tokio::time::sleep(Duration::from_secs(3_600)).await,
        How::Commits => {
            sqlx::query("  commit").execute(&mut *tx).await?;
        }
    }
    Ok(rows)
}

#[listen]
async fn send(event: &Placed, tx: &mut Tx<Sqlite>) -> Result<()> {
    sqlx::query("INSERT INTO sent (id) VALUES (?)").bind(&event.id).execute(&mut *tx).await?;
    Ok(())
}

#[query(reply = Vec<String>)]
struct Orders;

#[handler]
async fn orders(_: Orders, reader: &Reader<Any>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("SELECT id FROM orders ORDER BY id").fetch_all(reader).await?)
}

fn well(id: &str) -> Place {
    Place { id: id.into(), how: How::Well }
}

async fn shop(folder: &Folder) -> App {
    App::builder().slices([SLICE]).store(folder.store().await).build().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn data_events_and_effects_are_kept_together() {
    let folder = Folder::new();
    let app = shop(&folder).await;
    for n in 0..20 {
        assert_eq!(app.send(well(&n.to_string())).await.unwrap(), 1);
    }
    app.settled().await;
    assert_eq!(app.send(Orders).await.unwrap().len(), 20);
    let sent: i64 = count(&app, "SELECT count(*) FROM sent").await;
    assert_eq!((sent, count(&app, "SELECT count(*) FROM aw_delivery").await), (20, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_leaves_nothing_and_holds_nobody_up() {
    let folder = Folder::new();
    let app = shop(&folder).await;
    let fails = |how| app.send(Place { id: "x".into(), how });
    assert_eq!(fails(How::Fails).await.unwrap_err().code(), "shop.closed");
    assert_eq!(fails(How::Panics).await.unwrap_err().code(), "AW1500");
    assert_eq!(fails(How::Commits).await.unwrap_err().code(), "AW7012");
    let late = tokio::time::timeout(Duration::from_millis(50), fails(How::Sleeps)).await;
    assert!(late.is_err(), "dropped in the middle");
    assert_eq!(app.send(well("x")).await.unwrap(), 1);
    let error = app.send(well("x")).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("AW7022", Kind::Conflict));
    assert_eq!(error.detail(), Some("it is at odds with what is stored"));
    app.settled().await;
    assert_eq!(app.send(Orders).await.unwrap(), ["x"]);
    assert_eq!(count(&app, "SELECT count(*) FROM sent").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_that_come_together_share_a_commit() {
    let folder = Folder::new();
    let app = shop(&folder).await;
    app.send(well("first")).await.unwrap();
    app.settled().await;
    let before = store(&app).stats();
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..64 {
        let app = app.clone();
        callers.spawn(async move { app.send(well(&format!("{n}"))).await.unwrap() });
    }
    callers.join_all().await;
    app.settled().await;
    let after = store(&app).stats();
    assert_eq!(after.slots - before.slots, 128, "64 handlers and 64 listeners");
    assert!(after.commits - before.commits < 64, "{before:?} {after:?}");
    assert_eq!(count(&app, "SELECT count(*) FROM sent").await, 65);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_in_order_and_need_not_be_read_to_the_end() {
    let folder = Folder::new();
    let app = shop(&folder).await;
    assert_eq!(app.send(Many { rows: 1_000 }).await.unwrap(), (1_000, 499_500, 3));
}

#[command(reply = (i64, i64, i64))]
struct Many {
    rows: i64,
}

#[handler]
async fn many(cmd: Many, tx: &mut Tx<Any>) -> Result<(i64, i64, i64)> {
    use futures_util::TryStreamExt;

    let numbers =
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) SELECT i FROM n";
    let all: Vec<i64> = sqlx::query_scalar(numbers).bind(cmd.rows).fetch_all(&mut *tx).await?;
    let mut few = sqlx::query_scalar::<_, i64>(numbers).bind(1_000_000_000_i64).fetch(&mut *tx);
    let mut last = 0;
    for _ in 0..4 {
        last = few.try_next().await?.unwrap_or_default();
    }
    drop(few);
    let none: Option<i64> = sqlx::query_scalar("SELECT 1 WHERE 1 = 2").fetch_optional(&mut *tx).await?;
    assert!(none.is_none());
    Ok((i64::try_from(all.len()).unwrap(), all.iter().sum(), last))
}

fn store(app: &App) -> &anywise_sql::SqliteStore {
    let store: &dyn std::any::Any = &**app.store().unwrap();
    store.downcast_ref().unwrap()
}

async fn count(app: &App, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&store(app).reader()).await.unwrap()
}
