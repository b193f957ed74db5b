//! Transactions of handlers: with everything else their message did, or not at
//! all, whoever goes away in the middle.

use std::collections::HashSet;
use std::time::Duration;

use anywise::prelude::*;
use anywise_sql::{Any, PostgresOptions, Reader, Tx, sqlx};

use super::Place;

anywise::slice!(pub SLICE = "pg-shop");

anywise_sql::migrations!("pg-shop", [
    "0001_orders" => "CREATE TABLE orders (id TEXT PRIMARY KEY, cents BIGINT NOT NULL);
                      CREATE TABLE sent (id TEXT NOT NULL, customer TEXT NOT NULL, nth BIGSERIAL);",
]);

#[command(reply = i64)]
struct Order {
    id: String,
    customer: String,
    how: How,
}

#[data]
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Well,
    Fails,
    Panics,
    Commits,
    Swallows,
    NotDurable,
}

#[event(key = customer)]
struct Ordered {
    id: String,
    customer: String,
}

#[handler]
async fn order(cmd: Order, tx: &mut Tx<Any>, events: &mut Events<(Ordered,)>) -> Result<i64> {
    sqlx::query("INSERT INTO orders (id, cents) VALUES ($1, $2)")
        .bind(&cmd.id)
        .bind(1_i64)
        .execute(&mut *tx)
        .await?;
    events.publish(Ordered { id: cmd.id, customer: cmd.customer });
    match cmd.how {
        How::Well => {}
        How::Fails => return Err(Error::new(Kind::Conflict, "shop.closed", "the shop is closed")),
        How::Panics => panic!("in the middle"),
        How::Commits => {
            sqlx::query("/* really */ COMMIT").execute(&mut *tx).await?;
        }
        How::Swallows => drop(sqlx::query("SELECT 1 / 0").execute(&mut *tx).await),
        How::NotDurable => {
            sqlx::query("SET LOCAL synchronous_commit = off").execute(&mut *tx).await?;
        }
    }
    Ok(1)
}

#[listen]
async fn send(event: &Ordered, tx: &mut Tx<Any>) -> Result<()> {
    sqlx::query("INSERT INTO sent (id, customer) VALUES ($1, $2)")
        .bind(&event.id)
        .bind(&event.customer)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

#[query(reply = Vec<String>)]
struct Orders;

#[handler]
async fn orders(_: Orders, reader: &Reader<Any>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("SELECT id FROM orders ORDER BY id").fetch_all(reader).await?)
}

fn well(id: impl Into<String>, customer: &str) -> Order {
    Order { id: id.into(), customer: customer.into(), how: How::Well }
}

async fn shop(options: PostgresOptions) -> App {
    App::builder().slices([SLICE]).store(options.connect().await.unwrap()).build().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_work_and_every_effect_is_kept_once_and_in_order() {
    let Some(place) = Place::make().await else { return };
    let apps = [shop(place.options()).await, shop(place.options().without_notify()).await];
    for n in 0..40 {
        apps[n % 2].send(well(format!("{n:03}"), &format!("c{}", n % 3))).await.unwrap();
    }
    for app in &apps {
        app.settled().await;
    }
    assert_eq!(place.number("SELECT count(*) FROM orders").await, 40);
    assert_eq!(place.number("SELECT count(*) FROM sent").await, 40);
    assert_eq!(place.number("SELECT count(DISTINCT id) FROM sent").await, 40);
    let inverted =
        "SELECT count(*) FROM sent a JOIN sent b USING (customer) WHERE a.nth < b.nth AND a.id > b.id";
    assert_eq!(place.number(inverted).await, 0);
    assert_eq!(place.number("SELECT count(*) FROM aw_delivery").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_leaves_nothing() {
    let Some(place) = Place::make().await else { return };
    let app = shop(place.options().connections(1)).await;
    let codes = [
        (How::Fails, "shop.closed"),
        (How::Panics, "AW1500"),
        (How::Commits, "AW7012"),
        (How::Swallows, "AW7021"),
        (How::NotDurable, "AW3023"),
    ];
    for (how, code) in codes {
        let order = Order { id: code.into(), customer: "c".into(), how };
        assert_eq!(app.send(order).await.unwrap_err().code(), code);
    }
    assert_eq!(app.send(well("x", "c")).await.unwrap(), 1);
    assert_eq!(app.send(well("x", "c")).await.unwrap_err().code(), "AW7022");
    app.settled().await;
    // What ended its own transaction has kept what came before, and no event.
    assert_eq!(app.send(Orders).await.unwrap(), ["AW7012", "x"]);
    assert_eq!(place.number("SELECT count(*) FROM sent").await, 1);
}

/// sqlx loses acknowledged writes where a caller goes away during its `BEGIN`.
#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_around_the_begin_lose_nothing_of_others() {
    let Some(place) = Place::make().await else { return };
    let app = shop(place.options().connections(1).patience(Duration::from_secs(30))).await;
    let mut answered = HashSet::new();
    let begun = std::time::Instant::now();
    for n in 0..20 {
        app.send(well(format!("w{n}"), "c")).await.unwrap();
        answered.insert(format!("w{n}"));
    }
    let usual = begun.elapsed() / 20;
    for n in 0..1_500_u32 {
        let id = format!("{n:04}");
        let patience = usual * (n * 37 % 100) / 60;
        if let Ok(result) = tokio::time::timeout(patience, app.send(well(&id, &id))).await {
            result.unwrap();
            answered.insert(id);
        }
    }
    app.send(well("last", "c")).await.unwrap();
    answered.insert("last".to_owned());
    app.settled().await;
    let kept: HashSet<_> = app.send(Orders).await.unwrap().into_iter().collect();
    println!("{} answered, {} kept", answered.len(), kept.len());
    assert!(answered.is_subset(&kept));
    assert_eq!(place.number("SELECT count(*) FROM sent").await, i64::try_from(kept.len()).unwrap());
    let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND query LIKE '%awtest_%'";
    assert_eq!(place.number(open).await, 0);
}
