//! Over TLS, with certificates made for the test.

use std::fs;

use anywise::{Error, Kind, Sink as _, Topology, Transport as _};
use anywise_redis::Redis;
use anywise_servers::certificates;

use crate::server::{Server, event, group, there_is, there_is_tls};

async fn error_of(redis: Redis) -> Error {
    redis.open(&Topology::of("t")).await.unwrap_err()
}

#[tokio::test]
async fn both_sides_show_who_they_are() {
    let test = "TLS";
    if !Server::possible(test) || !there_is_tls(test) || !there_is(test, "openssl", "version") {
        return;
    }
    let server = Server::secure(certificates).await.unwrap();
    let read = |name: &str| fs::read_to_string(server.directory().join(name)).unwrap();
    let shown = |redis: Redis| redis.identity(read("client.pem"), read("client.key"));
    let known = |url: &str| Redis::new(url).certificates(read("authority.pem"));
    let (url, elsewhere) = (server.url(), server.url().replace("127.0.0.1", "localhost"));
    let untrusted = error_of(shown(Redis::new(&url))).await;
    assert!(untrusted.to_string().contains("UnknownIssuer"), "{untrusted}");
    let misnamed = error_of(shown(known(&elsewhere))).await;
    let stranger = error_of(known(&url)).await;
    for (error, host) in [(untrusted, "127.0.0.1"), (misnamed, "localhost"), (stranger, "127.0.0.1")] {
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
        assert!(error.to_string().contains(&format!("{host}:{}", server.port())), "{error}");
    }
    let redis = shown(known(&url));
    redis.open(&Topology::of("t")).await.unwrap();
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    redis.send(event("a.B", None)).await.unwrap();
    assert_eq!(source.receive(1).await.unwrap().len(), 1);
    source.close().await.unwrap();
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_refused_before_anything_is_connected_to() {
    let url = "rediss://ann:s3cret@127.0.0.1:1";
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    for redis in [
        Redis::new(url).certificates(""),
        Redis::new(url).certificates(broken),
        Redis::new(url).identity("", ""),
        Redis::new(url).identity(broken, ""),
        Redis::new(format!("{url}#insecure")),
    ] {
        let error = error_of(redis).await;
        assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "AW2021"), "{error}");
        assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}
