//! What is refused, and in which words.

use anywise_core::{Kind, Sink as _, Topology, Transport as _};
use anywise_sql::{PostgresBroker, sqlx};

use super::super::Place;
use super::event;

async fn refused(broker: PostgresBroker) -> anywise_core::Error {
    let error = broker.open(&Topology::of("t")).await.unwrap_err();
    assert_eq!(error.code(), "AW2021", "{error}");
    error
}

#[tokio::test]
async fn an_address_and_a_prefix_that_are_none_are_refused() {
    for broker in [
        PostgresBroker::new("nonsense"),
        PostgresBroker::new("postgres://127.0.0.1:1/test").prefix("no \" name"),
        PostgresBroker::new("postgres://127.0.0.1:1/test").prefix(""),
    ] {
        assert_eq!(refused(broker).await.kind(), Kind::Unprocessable);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_away() {
    let broker = PostgresBroker::new("postgres://shop:s3cret@127.0.0.1:1/test");
    let broker = broker.patience(std::time::Duration::from_millis(100));
    assert!(!format!("{broker:?}").contains("s3cret"), "{broker:?}");
    let error = broker.open(&Topology::of("t")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1/test"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_refused() {
    let Some(place) = Place::make().await else { return };
    let (server, _) = place.url.rsplit_once('/').unwrap();
    refused(PostgresBroker::new(format!("{server}/there_is_none"))).await;
}

#[tokio::test]
async fn tables_that_are_newer_are_refused() {
    let Some(place) = Place::make().await else { return };
    place.broker().open(&Topology::of("t")).await.unwrap();
    let newer = sqlx::query("INSERT INTO aw_broker_migration (name) VALUES ('9999_newer')");
    newer.execute(&mut place.aside().await).await.unwrap();
    let error = refused(place.broker()).await;
    assert!(error.to_string().contains("9999_newer"), "{error}");
}

#[tokio::test]
async fn a_role_that_may_not_is_told_so() {
    let Some(place) = Place::make().await else { return };
    let role = format!("r{}", &place.schema[place.schema.len() - 20..]);
    let create = sqlx::AssertSqlSafe(format!("CREATE ROLE {role} LOGIN"));
    sqlx::raw_sql(create).execute(&mut place.aside().await).await.unwrap();
    let url = place.url.replacen("postgres@", &format!("{role}@"), 1);
    let refusal = PostgresBroker::new(url).prefix(&place.schema).open(&Topology::of("t")).await;
    let drop = sqlx::AssertSqlSafe(format!("DROP ROLE {role}"));
    sqlx::raw_sql(drop).execute(&mut place.aside().await).await.unwrap();
    let error = refusal.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "AW2021"), "{error}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_anything_is_connected_to() {
    let mut large = event("a.B", None);
    large.body = vec![0; 101].into();
    let broker = PostgresBroker::new("postgres://127.0.0.1:1/test").max_size(100);
    let error = broker.send(large).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::TooLarge, "AW2006"), "{error}");
}
