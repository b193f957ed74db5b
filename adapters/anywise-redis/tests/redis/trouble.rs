//! When the server, the group or a process is in trouble.

use std::time::Duration;

use anywise::{Kind, Outcome, Sink as _, Transport as _};
use anywise_redis::Redis;
use tokio::time::Instant;

use crate::server::{Server, clean, event, group, on_shared, prefix, shared, shared_url};

#[tokio::test]
async fn a_server_that_does_not_answer_is_noticed() {
    if !Server::possible("a server that stands still") {
        return;
    }
    let server = Server::durable().await.unwrap();
    let redis = Redis::new(server.url()).patience(Duration::from_secs(1));
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    server.signal("STOP");
    let began = Instant::now();
    let error = source.receive(1).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let error = redis.send(event("a.B", None)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    server.signal("CONT");
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    let last = event("a.B", None);
    redis.send(last.clone()).await.unwrap();
    loop {
        let came = source.receive(10).await.unwrap();
        if came.iter().any(|one| one.frame.attribute("id") == Some(&last.id.to_string())) {
            break;
        }
    }
}

#[tokio::test]
async fn a_group_that_somebody_removed_is_noticed_and_made_again() {
    let Some(mut connection) = shared("a group that is removed").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix);
    let subscription = group("g", &["a.B"]);
    let source = redis.subscribe(&subscription).await.unwrap();
    let mut destroy = redis::cmd("XGROUP");
    destroy.arg("DESTROY").arg(format!("{prefix}:group:g")).arg(format!("{prefix}.g"));
    destroy.query_async::<()>(&mut connection).await.unwrap();
    let error = source.receive(1).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    redis.send(event("a.B", None)).await.unwrap();
    source.close().await.unwrap();
    let source = redis.subscribe(&subscription).await.unwrap();
    assert_eq!(source.receive(1).await.unwrap().len(), 1, "what waited is still there");
    drop(source);
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn a_process_that_was_lost_gives_back_at_once_when_the_server_is_there_again() {
    if !Server::possible("a server that crashes") {
        return;
    }
    let server = Server::durable().await.unwrap();
    let redis = Redis::new(server.url()).hold(Duration::from_secs(600));
    let subscription = group("g", &["a.B"]);
    let source = redis.subscribe(&subscription).await.unwrap();
    redis.send(event("a.B", None)).await.unwrap();
    assert_eq!(source.receive(1).await.unwrap()[0].delivered, Some(1));
    server.kill();
    assert!(source.receive(1).await.is_err());
    assert!(source.close().await.is_err(), "nobody was told");
    server.begin().await.unwrap();
    let source = redis.subscribe(&subscription).await.unwrap();
    let began = Instant::now();
    let came = source.receive(1).await.unwrap();
    assert_eq!(came[0].delivered, Some(2));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_was_given_to_another_can_still_be_settled() {
    let Some(_) = shared("what was given to another").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix).hold(Duration::from_millis(300));
    let subscription = group("g", &["a.B"]);
    let (slow, other) =
        (redis.subscribe(&subscription).await.unwrap(), redis.subscribe(&subscription).await.unwrap());
    redis.send(event("a.B", None)).await.unwrap();
    let held = slow.receive(1).await.unwrap();
    let again = other.receive(1).await.unwrap();
    assert_eq!(again[0].delivered, Some(2));
    slow.settle(vec![(held[0].tag, Outcome::Done(None))]).await.unwrap();
    other.settle(vec![(again[0].tag, Outcome::Done(None))]).await.unwrap();
    let error = other.settle(vec![(again[0].tag, Outcome::Done(None))]).await.unwrap_err();
    assert_eq!(error.code(), "AW2020", "it is not held any more");
    drop((slow, other));
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn a_process_does_not_take_its_own_messages_from_itself() {
    let Some(_) = shared("own messages").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix).hold(Duration::from_millis(200));
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    redis.send(event("a.B", None)).await.unwrap();
    let held = source.receive(1).await.unwrap();
    // Longer than the hold, while it looks for what others held for too long.
    assert!(tokio::time::timeout(Duration::from_millis(1_500), source.receive(1)).await.is_err());
    source.settle(vec![(held[0].tag, Outcome::Done(None))]).await.unwrap();
    drop(source);
    clean(&shared_url(), &prefix).await;
}
