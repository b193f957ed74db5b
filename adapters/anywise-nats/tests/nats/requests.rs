//! Commands and queries between processes, and the services that they are.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anywise::prelude::*;
use anywise::{Envelope, Remote as _, WireError};
use async_nats::{Client, HeaderMap};
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::server::Corner;

/// What callers and the handler's slice share.
mod contract {
    use anywise::prelude::*;

    anywise::contract!("reckoner");

    #[command(reply = u32)]
    pub(super) struct Add {
        pub(super) left: u32,
        pub(super) right: u32,
    }

    #[query(reply = u64)]
    pub(super) struct TimeLeft;

    #[query(reply = ())]
    pub(super) struct Wait;
}

mod reckoner {
    use super::Desk;
    use super::contract::{Add, TimeLeft, Wait};
    use anywise::prelude::*;
    use std::sync::atomic::Ordering;

    anywise::slice!(pub(super) SLICE = "reckoner", "Reckons.");

    #[handler]
    async fn add(cmd: Add, desk: &Desk) -> Result<u32> {
        desk.calls.fetch_add(1, Ordering::SeqCst);
        let too_much = || Error::new(Kind::Unprocessable, "reckoner.too_much", "that is too much");
        cmd.left.checked_add(cmd.right).ok_or_else(too_much)
    }

    #[handler]
    fn time_left(_: TimeLeft, deadline: Option<Deadline>) -> u64 {
        let left = deadline.and_then(Deadline::remaining).unwrap_or_default();
        u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
    }

    #[handler]
    async fn wait(_: Wait, desk: &Desk) {
        desk.entered.add_permits(1);
        desk.gate.acquire().await.expect("it is never closed").forget();
    }
}

/// A slice that needs nothing.
pub(crate) mod caller {
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "caller", "Asks.");

    #[query(reply = ())]
    struct Nothing;

    #[handler]
    fn nothing(_: Nothing) {}
}

struct Desk {
    calls: AtomicU32,
    entered: Semaphore,
    gate: Semaphore,
}

impl Default for Desk {
    fn default() -> Self {
        Self { calls: AtomicU32::new(0), entered: Semaphore::new(0), gate: Semaphore::new(0) }
    }
}

async fn reckons(corner: &Corner) -> (App, Arc<Desk>) {
    let desk = Arc::new(Desk::default());
    let builder = App::builder().name("sums").slices([reckoner::SLICE]).provide_arc(Arc::clone(&desk));
    let app = builder.transport(corner.nats().version("1.4.0")).build().await.unwrap();
    // It is there when discovery finds it.
    let client = corner.client().await;
    while ask_all(&client, "$SRV.PING.reckoner").await.iter().all(|one| prefix_of(one) != corner.prefix) {}
    (app, desk)
}

async fn asks(corner: &Corner) -> App {
    let nats = corner.nats();
    let builder = App::builder().name("sums").slices([caller::SLICE]);
    builder.remote(nats.remote()).build().await.unwrap()
}

fn prefix_of(answer: &Value) -> &str {
    answer["metadata"]["prefix"].as_str().unwrap_or_default()
}

/// Everything that is answered to one question, until nothing comes any more.
async fn ask_all(client: &Client, subject: &str) -> Vec<Value> {
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.unwrap();
    client.publish_with_reply(subject.to_owned(), inbox, "".into()).await.unwrap();
    let mut all = Vec::new();
    while let Ok(Some(answer)) = tokio::time::timeout(Duration::from_millis(300), answers.next()).await {
        if !answer.payload.is_empty() {
            all.push(serde_json::from_slice(&answer.payload).unwrap());
        }
    }
    all
}

async fn ours(corner: &Corner, client: &Client, subject: &str) -> Vec<Value> {
    let all = ask_all(client, subject).await.into_iter();
    all.filter(|answer| prefix_of(answer) == corner.prefix).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_answered_and_so_is_an_error() {
    let Some(corner) = Corner::new() else { return };
    let (there, _) = reckons(&corner).await;
    let here = asks(&corner).await;
    assert_eq!(here.send(contract::Add { left: 1, right: 2 }).await.unwrap(), 3);
    let error = here.send(contract::Add { left: u32::MAX, right: 2 }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "reckoner.too_much"));
    assert_eq!(error.detail(), Some("that is too much"));
    there.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_said_at_once() {
    let Some(corner) = Corner::new() else { return };
    let here = asks(&corner).await;
    let began = Instant::now();
    let error = here.send(contract::Add { left: 1, right: 2 }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2101"), "{error}");
    assert!(error.to_string().contains("reckoner.Add"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_travel_and_are_kept() {
    let Some(corner) = Corner::new() else { return };
    let (there, desk) = reckons(&corner).await;
    let here = asks(&corner).await;
    let left = here.send(contract::TimeLeft).deadline(Duration::from_secs(60)).await.unwrap();
    assert!((50_000..=60_000).contains(&left), "{left} ms");
    // Without one it is the remote's own.
    let left = here.send(contract::TimeLeft).await.unwrap();
    assert!((5_000..=10_000).contains(&left), "{left} ms");
    let began = Instant::now();
    let error = here.send(contract::Wait).deadline(Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout, "{error}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    desk.gate.add_permits(1);
    there.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remotes_own_patience_ends_a_request() {
    let Some(corner) = Corner::new() else { return };
    let (there, desk) = reckons(&corner).await;
    let remote = corner.nats().request_timeout(Duration::from_millis(100)).remote();
    let error = remote.call(Envelope::json("reckoner.Wait", "null")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout, "{error}");
    desk.gate.add_permits(1);
    there.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_the_requests_of_their_slice() {
    let Some(corner) = Corner::new() else { return };
    let (one, first) = reckons(&corner).await;
    let (two, second) = reckons(&corner).await;
    let here = asks(&corner).await;
    let client = corner.client().await;
    while ours(&corner, &client, "$SRV.PING.reckoner").await.len() < 2 {}
    for number in 0..200 {
        here.send(contract::Add { left: number, right: 1 }).await.unwrap();
    }
    let (first, second) = (first.calls.load(Ordering::SeqCst), second.calls.load(Ordering::SeqCst));
    assert_eq!(first + second, 200);
    assert!(first > 20 && second > 20, "{first} and {second}");
    one.stop(Duration::from_secs(5)).await;
    two.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_is_answered_when_the_application_stops() {
    let Some(corner) = Corner::new() else { return };
    let (there, desk) = reckons(&corner).await;
    let here = asks(&corner).await;
    let waiting = tokio::spawn(async move { here.send(contract::Wait).await });
    desk.entered.acquire().await.unwrap().forget();
    let (stopped, ()) = tokio::join!(there.stop(Duration::from_secs(10)), async {
        // A second one comes too late.
        let late = asks(&corner).await.send(contract::Wait).deadline(Duration::from_secs(2)).await;
        assert!(late.unwrap_err().kind().is_retryable());
        desk.gate.add_permits(1);
    });
    waiting.await.unwrap().unwrap();
    assert_eq!(stopped.left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slice_is_a_service_that_can_be_discovered() {
    let Some(corner) = Corner::new() else { return };
    let (there, _) = reckons(&corner).await;
    let here = asks(&corner).await;
    here.send(contract::Add { left: 1, right: 2 }).await.unwrap();
    here.send(contract::Add { left: u32::MAX, right: 2 }).await.unwrap_err();
    let client = corner.client().await;

    let ping = ours(&corner, &client, "$SRV.PING").await.remove(0);
    assert_eq!(ping["type"], "io.nats.micro.v1.ping_response");
    assert_eq!((&ping["name"], &ping["version"]), (&"reckoner".into(), &"1.4.0".into()));
    assert_eq!(ping["metadata"]["application"], "sums");

    let info = ours(&corner, &client, "$SRV.INFO.reckoner").await.remove(0);
    assert_eq!(
        (&info["type"], &info["description"]),
        (&"io.nats.micro.v1.info_response".into(), &"Reckons.".into())
    );
    let endpoints = info["endpoints"].as_array().unwrap();
    let subjects: BTreeSet<_> =
        endpoints.iter().map(|one| one["subject"].as_str().unwrap().to_owned()).collect();
    let expected =
        ["Add", "TimeLeft", "Wait"].map(|name| format!("{}.request.reckoner.{name}", corner.prefix));
    assert_eq!(subjects, BTreeSet::from(expected));
    assert!(endpoints.iter().all(|one| one["queue_group"] == "reckoner"));

    let id = ping["id"].as_str().unwrap();
    let stats = ours(&corner, &client, &format!("$SRV.STATS.reckoner.{id}")).await;
    assert_eq!(stats.len(), 1);
    let add =
        stats[0]["endpoints"].as_array().unwrap().iter().find(|one| one["name"] == "reckoner-Add").unwrap();
    assert_eq!((&add["num_requests"], &add["num_errors"]), (&2.into(), &1.into()));
    assert_eq!(add["last_error"], "422:reckoner.too_much");
    assert!(add["average_processing_time"].as_u64().unwrap() > 0);
    assert!(ours(&corner, &client, "$SRV.PING.reckoner.other").await.is_empty());
    there.stop(Duration::from_secs(5)).await;
    assert!(ours(&corner, &client, "$SRV.PING").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_request_is_answered_like_any_other() {
    let Some(corner) = Corner::new() else { return };
    let (there, _) = reckons(&corner).await;
    let client = corner.client().await;
    let subject = format!("{}.request.reckoner.Add", corner.prefix);
    let reply = client.request(subject.clone(), r#"{"left":20,"right":22}"#.into()).await.unwrap();
    assert_eq!(&reply.payload[..], b"42");
    let header = |reply: &async_nats::Message, name: &str| {
        reply.headers.as_ref().and_then(|headers| headers.get(name)).map(|value| value.as_str().to_owned())
    };
    assert!(reply.headers.is_none(), "JSON needs no header");

    let reply = client.request(subject.clone(), r#"{"left":1}"#.into()).await.unwrap();
    assert_eq!(header(&reply, "Nats-Service-Error-Code").as_deref(), Some("422"));
    let error: WireError = serde_json::from_slice(&reply.payload).unwrap();
    assert_eq!((error.kind, error.code.as_str()), (Kind::Unprocessable, "AW1010"));

    // Who may send to a subject may not ask for something else through it.
    let mut headers = HeaderMap::new();
    for (name, value) in [("specversion", "1.0"), ("id", "1"), ("source", "/x"), ("type", "reckoner.Wait")] {
        headers.insert(format!("ce-{name}"), value);
    }
    let reply = client.request_with_headers(subject, headers, "null".into()).await.unwrap();
    let error: WireError = serde_json::from_slice(&reply.payload).unwrap();
    assert_eq!(error.code, "AW2022");
    there.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_others_may_answer() {
    let Some(corner) = Corner::new() else { return };
    let client = corner.client().await;
    let mut requests = client.subscribe(format!("{}.request.reckoner.Add", corner.prefix)).await.unwrap();
    client.flush().await.unwrap();
    let serving = tokio::spawn(async move {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Service-Error", "out of numbers");
        headers.insert("Nats-Service-Error-Code", "429");
        let request = requests.next().await.unwrap();
        client.publish(request.reply.unwrap(), "7".into()).await.unwrap();
        let request = requests.next().await.unwrap();
        client.publish_with_headers(request.reply.unwrap(), headers, "".into()).await.unwrap();
        // Until it is sent.
        client.flush().await.unwrap();
        requests
    });
    let here = asks(&corner).await;
    let add = || contract::Add { left: 1, right: 2 };
    while let Err(error) = here.send(add()).await {
        assert_eq!(error.code(), "AW2101", "its subscription is on its way");
    }
    let error = here.send(add()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::RateLimited, "AW2111"));
    assert_eq!(error.detail(), Some("out of numbers"));
    drop(serving.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_replies_that_are_too_large_are_refused() {
    let Some(corner) = Corner::new() else { return };
    let remote = corner.nats().remote();
    let large = Envelope::new("reckoner.Add", "application/octet-stream", vec![0; 2_000_000]);
    let error = remote.call(large).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::TooLarge, "AW2006"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_may_keep_its_handlers_to_itself() {
    let Some(corner) = Corner::new() else { return };
    let builder = App::builder().name("sums").slices([reckoner::SLICE]).provide(Desk::default());
    let there = builder.transport(corner.nats().without_requests()).build().await.unwrap();
    let here = asks(&corner).await;
    let error = here.send(contract::Add { left: 1, right: 2 }).await.unwrap_err();
    assert_eq!(error.code(), "AW2101");
    there.stop(Duration::from_secs(5)).await;
}
