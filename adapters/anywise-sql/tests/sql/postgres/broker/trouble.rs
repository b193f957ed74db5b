//! When the server or a process is in trouble.

use std::time::Duration;

use anywise_core::{Kind, Outcome, Sink as _, Transport as _};
use anywise_sql::PostgresBroker;
use tokio::time::{Instant, timeout};

use super::super::Place;
use super::server::{Server, possible};
use super::{event, group, ids};

#[tokio::test]
async fn what_was_given_to_another_is_not_settled_by_the_first() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker().hold(Duration::from_millis(300));
    let subscription = group("g", &["a.B"]);
    let slow = broker.subscribe(&subscription).await.unwrap();
    let other = broker.subscribe(&subscription).await.unwrap();
    broker.send(event("a.B", None)).await.unwrap();
    let held = slow.receive(1).await.unwrap();
    let again = other.receive(1).await.unwrap();
    assert_eq!(again[0].delivered, Some(2));
    let done = |tag| vec![(tag, Outcome::Done(None))];
    let error = slow.settle(done(held[0].tag)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    other.settle(done(again[0].tag)).await.unwrap();
    assert!(other.settle(done(again[0].tag)).await.is_err(), "it is not held any more");
}

#[tokio::test]
async fn a_process_does_not_take_its_own_messages_from_itself() {
    let Some(place) = Place::make().await else { return };
    let broker = place.broker().hold(Duration::from_millis(100));
    let source = broker.subscribe(&group("g", &["a.B"])).await.unwrap();
    broker.send(event("a.B", None)).await.unwrap();
    let held = source.receive(1).await.unwrap();
    assert!(timeout(Duration::from_secs(3), source.receive(1)).await.is_err(), "it is here already");
    source.settle(vec![(held[0].tag, Outcome::Done(None))]).await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_noticed() {
    if !possible("a server that stands still") {
        return;
    }
    let server = Server::start().unwrap();
    let broker = PostgresBroker::new(server.url()).patience(Duration::from_secs(1));
    let subscription = group("g", &["a.B"]);
    let source = broker.subscribe(&subscription).await.unwrap();
    server.signal("STOP");
    let began = Instant::now();
    let error = source.receive(1).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    let error = broker.send(event("a.B", None)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    server.signal("CONT");
    let source = broker.subscribe(&subscription).await.unwrap();
    let last = event("a.B", None);
    broker.send(last.clone()).await.unwrap();
    while !ids(&source.receive(9).await.unwrap()).contains(&last.id.to_string()) {}
}

#[tokio::test]
async fn a_process_that_was_lost_gives_back_at_once_when_the_server_is_there_again() {
    if !possible("a server that crashes") {
        return;
    }
    let server = Server::start().unwrap();
    let broker = PostgresBroker::new(server.url()).hold(Duration::from_secs(600));
    let broker = broker.patience(Duration::from_secs(1));
    let subscription = group("g", &["a.B"]);
    let source = broker.subscribe(&subscription).await.unwrap();
    let sent = event("a.B", None);
    broker.send(sent.clone()).await.unwrap();
    assert_eq!(source.receive(1).await.unwrap()[0].delivered, Some(1));
    server.kill();
    assert!(source.receive(1).await.is_err());
    assert!(source.close().await.is_err(), "nobody was told");
    server.begin().unwrap();
    let source = broker.subscribe(&subscription).await.unwrap();
    let began = Instant::now();
    assert_eq!(ids(&source.receive(1).await.unwrap()), [sent.id.to_string()]);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_hint_wakes_who_waits() {
    let Some(place) = Place::make().await else { return };
    let (here, there) = (place.broker(), place.broker());
    let source = there.subscribe(&group("g", &["a.B"])).await.unwrap();
    let mut quick = 0;
    for _ in 0..20 {
        let (began, sent) = (Instant::now(), event("a.B", None));
        let (came, sent) = tokio::join!(source.receive(1), here.send(sent));
        sent.unwrap();
        source.settle(vec![(came.unwrap()[0].tag, Outcome::Done(None))]).await.unwrap();
        quick += u32::from(began.elapsed() < Duration::from_millis(400));
    }
    assert!(quick >= 15, "only {quick} of 20 came before anybody asked");
}
