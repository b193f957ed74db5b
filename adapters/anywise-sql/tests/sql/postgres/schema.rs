//! The tables come up to date, once, and never back.

use anywise_core::{Acceptance, Arrival, Store, Uuid};
use anywise_sql::{Postgres, sqlx};

use super::{Place, batch, body, claim, delivery};

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_that_start_at_once_make_the_tables_once() {
    let Some(place) = Place::make().await else { return };
    let mut started = Vec::new();
    for _ in 0..6 {
        let options = place.options();
        started.push(tokio::spawn(async move { options.connect().await.unwrap().open(&[]).await }));
    }
    for started in started {
        started.await.unwrap().unwrap();
    }
    assert_eq!(place.number("SELECT count(*) FROM aw_migration").await, 3);
}

#[tokio::test]
async fn tables_newer_than_the_program_are_refused() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    let newer = "INSERT INTO aw_migration (slice, name, sum) VALUES ('', '9999_later', 1)";
    sqlx::query(newer).execute(&mut place.aside().await).await.unwrap();
    assert_eq!(store.open(&[]).await.unwrap_err().code(), "AW7007");
}

#[tokio::test]
async fn what_is_no_schema_or_no_address_is_refused() {
    let address = Postgres::options("postgres://localhost/test").unwrap();
    assert_eq!(address.schema("a; drop table b").unwrap_err().code(), "AW3023");
    assert_eq!(Postgres::options("not an address").unwrap_err().code(), "AW3023");
}

#[tokio::test]
async fn a_server_that_would_answer_before_it_is_durable_is_refused() {
    let Some(place) = Place::make().await else { return };
    let url = format!("{}?options=-c%20synchronous_commit%3Doff", place.url);
    assert_eq!(Postgres::connect(&url).await.unwrap_err().code(), "AW3023");
}

#[tokio::test]
async fn tables_of_an_older_program_are_brought_up_to_date() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    store.commit(batch([delivery("t", None, "\"kept\"")])).await.unwrap();
    store.close().await.unwrap();
    let older = "DROP TABLE aw_inbox; DROP INDEX aw_dead_message; ALTER TABLE aw_delivery DROP COLUMN begun; DELETE FROM aw_migration WHERE name > '0001_store'";
    sqlx::raw_sql(older).execute(&mut place.aside().await).await.unwrap();
    let store = place.store().await;
    let arrival = || Arrival::new("g", Uuid::from_u128(1), Uuid::nil(), Vec::new());
    assert_eq!(store.accept(vec![arrival()]).await.unwrap(), [Acceptance::New]);
    assert_eq!(store.accept(vec![arrival()]).await.unwrap(), [Acceptance::Known]);
    assert_eq!(body(&claim(&store, "t", 9).await[0]), "\"kept\"");
}
