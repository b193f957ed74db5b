//! What cannot be used says why, and keeps secrets.

use anywise::{Kind, Sink as _, Topology, Transport as _};
use anywise_redis::Redis;

use crate::server::{clean, event, group, on_shared, prefix, shared, shared_url};

#[tokio::test]
async fn a_server_that_is_away_is_named_without_its_password() {
    let redis = Redis::new("redis://ann:s3cret@127.0.0.1:1/0");
    let opened = redis.open(&Topology::of("t")).await.unwrap_err();
    let sent = redis.send(event("a.B", None)).await.unwrap_err();
    let subscribed = redis.subscribe(&group("g", &["a.B"])).await.map(drop).unwrap_err();
    assert!(!format!("{redis:?}").contains("s3cret"), "{redis:?}");
    for error in [opened, sent, subscribed] {
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
        assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_refused_and_not_repeated() {
    for url in ["not an address", "nats://ann:s3cret@host", "redis://ann:s3cret@host:port"] {
        let error = Redis::new(url).open(&Topology::of("t")).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "AW2021"), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert!(!Redis::new(url).traits().requests);
    }
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn an_address_with_tls_is_refused_without_the_feature() {
    let error = Redis::new("rediss://ann:s3cret@127.0.0.1:1").open(&Topology::of("t")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "AW2021"), "{error}");
    assert!(error.to_string().contains("the feature `tls`"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_no_reason_to_wait() {
    if shared("credentials").await.is_none() {
        return;
    }
    let url = shared_url().replace("redis://", "redis://nobody:s3cret@");
    let error = Redis::new(url).open(&Topology::of("t")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "AW2021"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_key_that_is_in_the_way_is_named() {
    let Some(mut connection) = shared("a key in the way").await else { return };
    let prefix = prefix();
    let key = format!("{prefix}:group:g");
    redis::cmd("SET").arg(&key).arg("1").query_async::<()>(&mut connection).await.unwrap();
    let mut topology = Topology::of("t");
    topology.subscriptions.push(group("g", &["a.B"]));
    let error = on_shared(&prefix).open(&topology).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "AW2021"), "{error}");
    assert!(error.to_string().contains(&key), "{error}");
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_anything_is_connected_to() {
    let mut large = event("a.B", None);
    large.body = vec![0; 101].into();
    let error = Redis::new("redis://127.0.0.1:1").max_size(100).send(large).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::TooLarge, "AW2006"), "{error}");
}
