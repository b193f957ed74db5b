//! Several instances of one target: turns, deaths, changes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anywise::prelude::*;
use anywise::{Discovery, Instance, Instances, InstancesSender, RemotePolicy, Requests};
use anywise_http::{Client, HttpLimits, HttpRemote};

use crate::desk::{self, Note, Ring};
use crate::server::{Server, nobody, request, within};

mod here {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "who", "Says who it is.");

    #[query(reply = u8, http = "GET /who")]
    pub(super) struct Who;

    #[handler]
    fn who(_: Who, name: &u8) -> u8 {
        *name
    }
}
use here::Who;

async fn serve(name: u8) -> Server {
    Server::of(named(name).await, |http| http).await
}

async fn named(name: u8) -> App {
    App::builder().slices([here::SLICE]).provide(name).build().await.unwrap()
}

/// Finds what it is told.
struct Told(Mutex<Option<Instances>>);

impl Told {
    fn new() -> (InstancesSender, Self) {
        let (sender, instances) = Instances::channel();
        (sender, Self(Mutex::new(Some(instances))))
    }
}

impl Discovery for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn watch(&self, _: &str) -> Instances {
        self.0.lock().unwrap().take().unwrap()
    }
}

fn instance(server: &Server) -> Instance {
    Instance::new(server.address.to_string())
}

async fn asked(requests: &Requests, count: usize) -> BTreeMap<u8, usize> {
    let mut answers = BTreeMap::new();
    for _ in 0..count {
        *answers.entry(within(requests.send(Who).into_future()).await.unwrap()).or_default() += 1;
    }
    answers
}

#[tokio::test]
async fn each_instance_has_its_turn() {
    let servers = [serve(1).await, serve(2).await, serve(3).await];
    let urls = servers.each_ref().map(Server::url);
    let requests = Requests::through(HttpRemote::among(urls.iter().map(String::as_str)).unwrap());
    assert_eq!(asked(&requests, 9).await, BTreeMap::from([(1, 3), (2, 3), (3, 3)]));
}

#[tokio::test]
async fn an_instance_that_dies_is_skipped_and_no_call_fails() {
    let [one, two] = [serve(1).await, serve(2).await];
    let requests = Requests::through(HttpRemote::among([&*one.url(), &*two.url()]).unwrap());
    assert_eq!(asked(&requests, 4).await.len(), 2);
    let address = one.address;
    one.stop().await;
    assert_eq!(asked(&requests, 10).await, BTreeMap::from([(2, 10)]));
    let _again = Server::at(address, named(1).await, |http| http).await;
    // It is still skipped, unless the other dies too.
    two.stop().await;
    assert_eq!(asked(&requests, 2).await, BTreeMap::from([(1, 2)]));
}

#[tokio::test]
async fn a_server_that_comes_back_is_reached_again() {
    let server = serve(1).await;
    let (url, address) = (server.url(), server.address);
    let client = Client::connect(&url).unwrap();
    assert_eq!(client.send(Who).await.unwrap(), 1);
    server.stop().await;
    let error = within(client.send(Who).into_future()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2101"));
    let _server = Server::at(address, named(2).await, |http| http).await;
    assert_eq!(within(client.send(Who).into_future()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_target_that_is_not_there_is_unavailable_at_once() {
    let client = Client::connect(&format!("http://{}", nobody().await)).unwrap();
    let error = within(client.send(Who).into_future()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (503, "AW2101"));
    let client = Client::connect("http://no-such-host.invalid:80").unwrap();
    assert_eq!(within(client.send(Who).into_future()).await.unwrap_err().code(), "AW2101");
}

#[tokio::test]
async fn changes_are_followed() {
    let [one, two] = [serve(1).await, serve(2).await];
    let (sender, told) = Told::new();
    let requests = Requests::through(HttpRemote::found(&told, "who").unwrap());
    sender.tell([instance(&one)]);
    assert_eq!(asked(&requests, 3).await, BTreeMap::from([(1, 3)]));
    sender.tell([instance(&one), instance(&two)]);
    assert_eq!(asked(&requests, 4).await, BTreeMap::from([(1, 2), (2, 2)]));
    sender.tell([instance(&two)]);
    assert_eq!(asked(&requests, 3).await, BTreeMap::from([(2, 3)]));
}

#[tokio::test]
async fn the_first_instance_is_waited_for_and_none_is_an_error() {
    let (sender, told) = Told::new();
    let remote = HttpRemote::found(&told, "who").unwrap();
    let limits = HttpLimits { connect_time: Duration::from_millis(500), ..HttpLimits::default() };
    let remote = remote.limits(limits).unwrap();
    let requests = Requests::through(remote);
    let error = within(requests.send(Who).into_future()).await.unwrap_err();
    assert!(error.code() == "AW2101" && error.message().contains("no instance of `who`"), "{error}");
    let server = serve(7).await;
    let (answer, ()) =
        tokio::join!(requests.send(Who).into_future(), async { sender.tell([instance(&server)]) });
    assert_eq!(answer.unwrap(), 7);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_not_asked_of_another() {
    let lost = Server::saying("").await;
    let (_app, other, _) = desk::start().await;
    let requests = Requests::through(HttpRemote::among([&*lost.url(), &*other.url()]).unwrap());
    let mut ends = Vec::new();
    for _ in 0..2 {
        ends.push(within(requests.send(Ring).into_future()).await.map_err(|error| error.code().to_owned()));
    }
    ends.sort();
    assert_eq!(ends, [Ok(()), Err("AW2102".to_owned())], "it may have been carried out");
    let remote = HttpRemote::among([&*lost.url(), &*other.url()]).unwrap();
    let requests = Requests::through(RemotePolicy::default().around(remote));
    for _ in 0..4 {
        within(requests.send(Ring).into_future()).await.unwrap();
    }
}

#[tokio::test]
async fn an_instance_that_keeps_silent_is_skipped_in_the_end() {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let silent = Server::raw(move |mut stream| {
        counter.fetch_add(1, SeqCst);
        async move {
            request(&mut stream).await;
            std::future::pending::<()>().await;
        }
    })
    .await;
    let (_app, other, _) = desk::start().await;
    let limits = HttpLimits { answer_time: Duration::from_millis(200), ..HttpLimits::default() };
    let remote = HttpRemote::among([&*silent.url(), &*other.url()]).unwrap().limits(limits).unwrap();
    let requests = Requests::through(remote);
    for _ in 0..20 {
        let _ = within(requests.send(Note::Short("x".into())).into_future()).await;
    }
    assert_eq!(asked.load(SeqCst), 3);
}

#[tokio::test]
async fn connections_are_kept() {
    let ports = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let seen = Arc::clone(&ports);
    let server = Server::raw(move |mut stream| {
        let seen = Arc::clone(&seen);
        async move {
            seen.lock().unwrap().insert(stream.peer_addr().unwrap().port());
            while request(&mut stream).await.contains("\r\n\r\n") {
                let reply = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n7";
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, reply.as_bytes()).await;
            }
        }
    })
    .await;
    let requests = Requests::through(HttpRemote::to(&server.url()).unwrap());
    assert_eq!(asked(&requests, 5).await, BTreeMap::from([(7, 5)]));
    assert_eq!(ports.lock().unwrap().len(), 1);
}
