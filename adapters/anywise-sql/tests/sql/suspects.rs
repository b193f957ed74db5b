//! Deliveries that are suspected of ending the process, in an application.

use std::time::Duration;

use anywise::prelude::*;
use anywise::{RelayPolicy, Store};
use anywise_sql::{Any, Sqlite, Tx, sqlx};
use sqlx::Connection as _;

use crate::postgres::Place;
use crate::support::{Folder, batch, delivery};

anywise::slice!(SLICE = "suspects");

#[event]
struct Noted {}

#[listen]
async fn note(_: &Noted, tx: &mut Tx<Any>) -> Result<()> {
    sqlx::query("SELECT 1").execute(&mut *tx).await?;
    Ok(())
}

const LOSE: &str = "UPDATE aw_delivery SET losses = 3";

async fn keep_three(store: &impl Store) {
    let one = || {
        let mut delivery = delivery(concat!(module_path!(), "::note"), None);
        "suspects.Noted".clone_into(&mut delivery.envelope.name);
        delivery
    };
    store.commit(batch([one(), one(), one()])).await.unwrap();
}

/// Each lets the next go at once: the store is not asked from time to time here.
async fn all_are_handled(store: impl Store) {
    let relay = RelayPolicy { poll: Some(Duration::from_secs(3_600)), ..RelayPolicy::default() };
    let app = App::builder().slices([SLICE]).store(store).relay(relay).build().await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), app.settled()).await.expect("all three are handled");
}

#[tokio::test(flavor = "multi_thread")]
async fn suspects_follow_one_another_on_sqlite() {
    let folder = Folder::new();
    let store = folder.store().await;
    keep_three(&store).await;
    store.close().await.unwrap();
    let url = format!("sqlite://{}", folder.file().display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(LOSE).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    all_are_handled(Sqlite::open(folder.file()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suspects_follow_one_another_on_postgres() {
    let Some(place) = Place::make().await else { return };
    let store = place.store().await;
    keep_three(&store).await;
    sqlx::query(LOSE).execute(&mut place.aside().await).await.unwrap();
    all_are_handled(store).await;
}
