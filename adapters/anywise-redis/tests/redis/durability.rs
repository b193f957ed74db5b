//! Whether what the server has confirmed is kept, and whether that is known.

use std::time::Duration;

use anywise::{Kind, Outcome, Sink as _, Subscription, Topology, Transport as _};
use anywise_redis::Redis;

use crate::server::{Server, connect, event, group};

async fn is_newer(server: &Server) -> bool {
    let mut connection = connect(&server.url()).await.unwrap();
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.unwrap();
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap();
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap()) >= (7, 2)
}

/// Refused, unless it is accepted; then it is known to be weaker.
async fn is_refused(url: &str, why: &str) {
    let error = Redis::new(url).open(&Topology::of("t")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Internal, "AW3023"), "{error}");
    assert!(error.to_string().contains(why), "{error}");
    let accepted = Redis::new(url).accept_weaker_durability();
    accepted.open(&Topology::of("t")).await.unwrap();
    assert!(!accepted.traits().durable);
    accepted.send(event("a.B", None)).await.unwrap();
}

#[tokio::test]
async fn a_server_without_an_append_only_file_is_refused() {
    if !Server::possible("a server without an append-only file") {
        return;
    }
    let server = Server::start(&[]).await.unwrap();
    is_refused(&server.url(), "append-only").await;
}

#[tokio::test]
async fn a_server_that_may_evict_streams_is_refused() {
    if !Server::possible("a server that may evict streams") {
        return;
    }
    let durable = ["--appendonly", "yes", "--appendfsync", "always"];
    let evicts = [&durable[..], &["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]].concat();
    let server = Server::start(&evicts).await.unwrap();
    is_refused(&server.url(), "allkeys-lru").await;
}

#[tokio::test]
async fn a_server_that_does_not_show_its_settings_is_refused() {
    if !Server::possible("a server that does not show its settings") {
        return;
    }
    let server = Server::durable().await.unwrap();
    let mut connection = connect(&server.url()).await.unwrap();
    let mut user = redis::cmd("ACL");
    user.arg(&["SETUSER", "shop", "on", ">secret", "~*", "+@all", "-config", "-info", "-client"]);
    user.query_async::<()>(&mut connection).await.unwrap();
    let url = server.url().replace("redis://", "redis://shop:secret@");
    is_refused(&url, "CONFIG GET").await;
    // Everything else works without `CLIENT` and `INFO`.
    let redis = Redis::new(url).accept_weaker_durability();
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    redis.send(event("a.B", None)).await.unwrap();
    let came = source.receive(1).await.unwrap();
    source.settle(vec![(came[0].tag, Outcome::Done(None))]).await.unwrap();
    source.close().await.unwrap();
}

#[tokio::test]
async fn a_server_that_syncs_later_is_asked_when_it_has() {
    if !Server::possible("a server that syncs later") {
        return;
    }
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "everysec"]).await.unwrap();
    if !is_newer(&server).await {
        return is_refused(&server.url(), "everysec").await;
    }
    let redis = Redis::new(server.url());
    let subscription = group("g", &["a.B"]);
    let mut topology = Topology::of("t");
    topology.subscriptions.push(subscription);
    redis.open(&topology).await.unwrap();
    assert!(redis.traits().durable);
    redis.send(event("a.B", None)).await.unwrap();
    let mut connection = connect(&server.url()).await.unwrap();
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.unwrap();
    assert!(info.contains("cmdstat_waitaof"), "{info}");
}

#[tokio::test]
async fn what_is_confirmed_survives_a_crash() {
    if !Server::possible("a crash") {
        return;
    }
    let server = Server::durable().await.unwrap();
    let redis = Redis::new(server.url());
    let subscription = group("g", &["a.B"]);
    drop(redis.subscribe(&subscription).await.unwrap());
    for key in 0..50 {
        redis.send(event("a.B", Some(&key.to_string()))).await.unwrap();
    }
    assert!(redis.traits().durable);
    server.kill();
    server.begin().await.unwrap();
    // The old connection is found broken once.
    let source = match redis.subscribe(&subscription).await {
        Ok(source) => source,
        Err(_) => redis.subscribe(&subscription).await.unwrap(),
    };
    let mut count = 0;
    while count < 50 {
        count += source.receive(50).await.unwrap().len();
    }
}

#[tokio::test]
async fn an_event_is_sent_when_so_many_replicas_have_it() {
    if !Server::possible("replicas") {
        return;
    }
    let server = Server::durable().await.unwrap();
    let redis = Redis::new(server.url()).replicas(1).patience(Duration::from_millis(1500));
    drop(redis.subscribe(&Subscription::new("g", ["a.B"])).await.unwrap());
    let error = redis.send(event("a.B", None)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    let port = server.port().to_string();
    let settings = ["--appendonly", "yes", "--appendfsync", "always", "--replicaof", "127.0.0.1", &port];
    let replica = Server::start(&settings).await.unwrap();
    let (mut last, until) = (Ok(()), tokio::time::Instant::now() + Duration::from_secs(30));
    while tokio::time::Instant::now() < until {
        last = redis.send(event("a.B", None)).await;
        if last.is_ok() {
            break;
        }
    }
    last.unwrap();
    let mut connection = connect(&replica.url()).await.unwrap();
    let length: u64 = redis::cmd("XLEN").arg("anywise:group:g").query_async(&mut connection).await.unwrap();
    assert!(length > 0);
}
