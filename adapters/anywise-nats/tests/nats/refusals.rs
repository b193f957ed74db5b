//! What a server is refused for, and what it is not.

use std::time::Duration;

use anywise::prelude::*;
use anywise::{Topology, Transport as _};
use anywise_nats::Nats;
use anywise_servers::NatsServer;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::requests::caller;

/// Something that says it is a NATS server of this release, and nothing more.
async fn pretender(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let info = format!(
        "INFO {{\"server_id\":\"x\",\"version\":\"{version}\",\"max_payload\":1048576,\"headers\":true,\
         \"jetstream\":true,\"proto\":1}}\r\n"
    );
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let info = info.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                stream.write_all(info.as_bytes()).await.unwrap();
                let mut line = String::new();
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    if line.starts_with("PING") {
                        stream.write_all(b"PONG\r\n").await.unwrap();
                    }
                    line.clear();
                }
            });
        }
    });
    url
}

async fn open(nats: &Nats) -> Result<()> {
    nats.open(&Topology::of("refusals")).await
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    for (version, ordered, says) in
        [("2.9.10", false, "use 2.10 or newer"), ("2.10.25", true, "`ordered` needs 2.11")]
    {
        let nats = Nats::new(pretender(version).await);
        let nats = if ordered { nats.ordered() } else { nats };
        let error = open(&nats).await.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("AW2021", Kind::Unprocessable), "{error}");
        assert!(error.to_string().contains(says) && error.to_string().contains(version), "{error}");
    }
}

#[tokio::test]
async fn a_release_that_loses_streams_is_refused_unless_it_is_accepted() {
    let url = pretender("2.10.21").await;
    let error = open(&Nats::new(url.clone())).await.unwrap_err();
    assert_eq!(error.code(), "AW3023", "{error}");
    // It is accepted, and answers nothing more.
    let nats = Nats::new(url).accept_weaker_durability().timeout(Duration::from_millis(200));
    assert_eq!(open(&nats).await.unwrap_err().code(), "AW2020");
}

/// Debian's own, if it is at its usual place.
#[tokio::test]
async fn debians_server_is_refused_and_the_application_does_not_start() {
    let url = "nats://127.0.0.1:4222";
    let version = match async_nats::connect(url).await {
        Ok(client) => client.server_info().version,
        Err(error) => return println!("skipped: no server at {url}: {error}"),
    };
    if !version.starts_with("2.9.") {
        return println!("skipped: the server at {url} is of release {version}");
    }
    let faults = App::builder().slices([caller::SLICE]).transport(Nats::new(url)).build().await.unwrap_err();
    assert_eq!(faults.faults()[0].code, "AW4140");
    assert!(faults.to_string().contains(&version), "{faults}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_away_and_no_password_is_shown() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nats = Nats::new(format!("nats://ann:secret@{free}"));
    let error = open(&nats).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("AW2020", Kind::Unavailable));
    assert!(error.to_string().contains(&free.to_string()), "{error}");
    assert!(!format!("{error:?} {nats:?}").contains("secret"), "{error:?}");
    // An application starts without it.
    App::builder().slices([caller::SLICE]).transport(nats).build().await.unwrap();
}

#[tokio::test]
async fn credentials_that_are_not_accepted_end_the_start() {
    let Some(own) = NatsServer::start(&["--user", "ann", "--pass", "secret"]) else { return };
    let with = |user: &str| Nats::new(own.url().replace("nats://", &format!("nats://{user}@")));
    open(&with("ann:secret")).await.unwrap();
    let error = open(&with("ann:wrong")).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("AW2021", Kind::Unauthenticated), "{error}");
    assert!(!error.to_string().contains("wrong"), "{error}");
    assert_eq!(open(&Nats::new(own.url())).await.unwrap_err().code(), "AW2021");
}

#[tokio::test]
async fn a_server_without_jetstream_is_refused() {
    let Some(own) = NatsServer::plain(&[]) else { return };
    let error = open(&Nats::new(own.url())).await.unwrap_err();
    assert_eq!(error.code(), "AW2021");
    assert!(error.to_string().contains("`-js`"), "{error}");
}

#[tokio::test]
async fn names_that_cannot_be_are_refused_before_anything_is_asked() {
    for nats in
        [Nats::new("nats://127.0.0.1:1").prefix("a b"), Nats::new("nats://127.0.0.1:1").version("one")]
    {
        assert_eq!(open(&nats).await.unwrap_err().code(), "AW2022");
    }
}
