//! Which groups get an event.

use std::time::Duration;

use anywise_core::{Outcome, Sink as _, Topology, Transport as _};
use anywise_sql::sqlx::{self, Connection as _, Executor as _};
use futures_util::future::join_all;

use super::super::Place;
use super::{event, group, ids};

#[tokio::test]
async fn who_publishes_while_a_group_is_made_does_not_miss_it() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    broker.open(&Topology::of("t")).await.unwrap();
    // A group is made, and not committed.
    let mut aside = place.aside().await;
    let mut making = aside.begin().await.unwrap();
    making.execute("LOCK TABLE aw_broker_route IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    making.execute("INSERT INTO aw_broker_route (event, grp) VALUES ('a.B', 'g')").await.unwrap();
    let sent = event("a.B", None);
    let sending = broker.send(sent.clone());
    tokio::pin!(sending);
    let early = tokio::time::timeout(Duration::from_millis(300), sending.as_mut()).await;
    assert!(early.is_err(), "it waits for the group");
    making.commit().await.unwrap();
    sending.await.unwrap();
    let source = broker.subscribe(&group("g", &["a.B"])).await.unwrap();
    assert_eq!(ids(&source.receive(1).await.unwrap()), [sent.id.to_string()]);
}

#[tokio::test]
async fn groups_that_are_made_at_one_time_are_all_made() {
    let Some(place) = Place::make().await else { return };
    let brokers: Vec<_> = (0..3).map(|_| place.broker()).collect();
    let names: Vec<_> = (0..12).map(|number| format!("g{number}")).collect();
    let making = names.iter().enumerate().map(|(at, name)| {
        let (broker, subscription) = (&brokers[at % 3], group(name, &["a.B", "a.C"]));
        async move { broker.subscribe(&subscription).await.map(drop) }
    });
    join_all(making).await.into_iter().for_each(|made| made.unwrap());
    brokers[0].send(event("a.C", None)).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM aw_broker_message").await, 12);
}

#[tokio::test]
async fn what_a_group_asks_for_no_more_is_forgotten_after_a_time() {
    let Some(place) = Place::make().await else { return };
    let routes = async || place.number("SELECT count(*) FROM aw_broker_route").await;
    place.broker().subscribe(&group("g", &["a.B", "a.C"])).await.unwrap();
    place.broker().subscribe(&group("g", &["a.B"])).await.unwrap();
    assert_eq!(routes().await, 2, "an older process may still ask for it");
    let broker = place.broker().forget_after(Duration::ZERO);
    broker.subscribe(&group("g", &["a.B"])).await.unwrap();
    assert_eq!(routes().await, 1);
}

#[tokio::test]
async fn nothing_is_kept_of_what_nobody_hears_or_everybody_has_settled() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    let source = broker.subscribe(&group("g", &["a.B"])).await.unwrap();
    for name in ["a.B", "a.C"] {
        broker.send(event(name, Some("k"))).await.unwrap();
    }
    let came = source.receive(9).await.unwrap();
    source.settle(vec![(came[0].tag, Outcome::Done(None))]).await.unwrap();
    for table in [
        "SELECT count(*) FROM aw_broker_message",
        "SELECT count(*) FROM aw_broker_delivery",
        "SELECT count(*) FROM aw_broker_dead",
    ] {
        assert_eq!(place.number(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_dead_letter_is_kept_with_its_reason() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    let source = broker.subscribe(&group("g", &["a.B"])).await.unwrap();
    broker.send(event("a.B", None)).await.unwrap();
    let came = source.receive(9).await.unwrap();
    source.settle(vec![(came[0].tag, Outcome::DeadLetter("no \0 good".into()))]).await.unwrap();
    let mut aside = place.aside().await;
    let (reason, head): (String, String) =
        sqlx::query_as("SELECT reason, head::json ->> 'ce-type' FROM aw_broker_dead")
            .fetch_one(&mut aside)
            .await
            .unwrap();
    assert_eq!((&*reason, &*head), ("no \u{fffd} good", "a.B"));
}

#[tokio::test]
async fn a_nul_in_a_key_or_a_header_harms_nobody() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker();
    let source = broker.subscribe(&group("g", &["a.B"])).await.unwrap();
    let mut odd = event("a.B", Some("k\0"));
    odd.headers.insert("text", "a\0b");
    let (sent, other) = tokio::join!(broker.send(odd.clone()), broker.send(event("a.B", None)));
    sent.unwrap();
    other.unwrap();
    let came = source.receive(9).await.unwrap();
    let came = came.iter().find(|one| one.frame.attribute("id") == Some(&odd.id.to_string())).unwrap();
    assert_eq!(came.frame.attribute("partitionkey"), Some("k\0"));
    assert_eq!(came.frame.headers.get("text"), Some("a\0b"));
}
