//! Messages and replies are the same there and back.

use std::collections::BTreeMap;
use std::time::Duration;

use anywise::prelude::*;
use anywise::{Head, Remote, RemotePolicy, Requests, TraceContext};
use anywise_axum::Trust;
use anywise_http::{Client, HttpRemote};
use proptest::prelude::*;

use crate::desk::{self, Double, DropRoom, FindDesk, Forever, Look, Note, Ring, SetRoom};
use crate::server::{Server, within};

/// Sends to both and compares.
async fn same<M: anywise::Request + Clone>(app: &App, requests: &Requests, message: M)
where
    M::Reply: PartialEq + std::fmt::Debug,
{
    let here = app.send(message.clone()).await.unwrap();
    assert_eq!(within(requests.send(message).into_future()).await.unwrap(), here);
}

#[tokio::test]
async fn fields_stand_in_path_query_and_body() {
    let (app, _server, requests) = desk::start().await;
    for room in ["blue", "a/b", "a b+c%20&=?#", "größe", "..x", "%2e%2e", "\"{}\"", "a\nb", " "] {
        same(&app, &requests, FindDesk::new(room)).await;
        let desks = vec![BTreeMap::from([("a".to_owned(), 1)]), BTreeMap::new()];
        same(&app, &requests, SetRoom { room: room.into(), desks, big: u64::MAX }).await;
    }
    let more = FindDesk { tags: vec!["a b".into(), "&x=+".into(), String::new()], ..FindDesk::new("x") };
    same(&app, &requests, more).await;
    let less = FindDesk { height: None, tall: false, of: "stone".into(), ..FindDesk::new("x") };
    same(&app, &requests, less).await;
    same(&app, &requests, Note::Short("é".into())).await;
    same(&app, &requests, Note::Long { pages: vec!["a".into(); 3] }).await;
    same(&app, &requests, Ring).await;
    requests.send(DropRoom { room: "blue".into() }).await.unwrap();
}

#[test]
fn every_text_and_number_crosses() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (app, _server, requests) = runtime.block_on(desk::start());
    let room = "[^\u{0}]{1,20}".prop_filter("no step of a path", |room| room != "." && room != "..");
    let height = prop_oneof![Just(None), prop::num::f64::NORMAL.prop_map(Some)];
    let tags = prop::collection::vec("[^\u{0}]{0,8}", 0..4);
    let sizes = prop::collection::vec(any::<u64>(), 1..4);
    let all = (room, any::<i64>(), any::<bool>(), height, tags, sizes, "[^\u{0}]{0,8}");
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(200));
    let checked = runner.run(&all, |(room, number, tall, height, tags, sizes, of)| {
        let message = FindDesk { room: room.clone(), number, tall, height, tags, sizes: sizes.clone(), of };
        runtime.block_on(same(&app, &requests, message));
        let desks = sizes.iter().map(|size| BTreeMap::from([(room.clone(), *size)])).collect();
        runtime.block_on(same(&app, &requests, SetRoom { room, desks, big: sizes[0] }));
        Ok(())
    });
    checked.unwrap();
}

#[tokio::test]
async fn an_application_sends_what_it_does_not_handle() {
    let (_there, server, _) = desk::start().await;
    let remote = HttpRemote::to(&server.url()).unwrap().slices(["desk"]);
    assert_eq!(remote.route("desk.Ring"), format!("http://{} POST /bell", server.address));
    let here = App::builder().slices([here::SLICE]).remote(RemotePolicy::default().around(remote));
    let here = here.build().await.unwrap();
    assert_eq!(within(here.send(here::Both).into_future()).await.unwrap(), ["a", "b"]);
    assert_eq!(here.send(Note::Short("x".into())).await.unwrap(), ["x"]);
}

mod here {
    use anywise::prelude::*;

    use crate::desk::Note;

    anywise::slice!(pub(super) SLICE = "here", "Has no desk of its own.");

    #[query(reply = Vec<String>)]
    pub(super) struct Both;

    #[handler]
    async fn both(_: Both, commands: Commands<(Note,)>) -> Result<Vec<String>> {
        commands.send(Note::Long { pages: vec!["a".into(), "b".into()] }).await
    }
}

#[tokio::test]
async fn a_program_that_is_no_application_has_a_client() {
    let (_there, server, _) = desk::start().await;
    let client = Client::connect(&server.url()).unwrap().policy(&RemotePolicy::default());
    let seen = client
        .send(Look)
        .header("Tenant", "acme")
        .header("aw-principal", "root")
        .deadline(Duration::from_secs(5))
        .idempotency_key("k-1")
        .await
        .unwrap();
    assert!(seen.headers.contains(&"tenant: acme".to_owned()), "{seen:?}");
    assert!(seen.headers.contains(&"idempotency-key: k-1".to_owned()), "{seen:?}");
    assert!(seen.left_ms.is_some_and(|left| left > 1_000 && left <= 5_000), "{seen:?}");
    assert_eq!(seen.principal, None);
}

#[tokio::test]
async fn what_a_message_says_beside_its_body_crosses() {
    let (_there, _server, requests) = desk::start().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut head = Head::default();
    head.trace = TraceContext::parse(trace, Some("a=b"));
    head.correlation_id = Some("c-1".into());
    head.principal = Some(Principal::new("ann"));
    head.headers.insert("authorization", "Bearer x");
    head.headers.insert("host", "elsewhere");
    head.headers.insert("content-length", "7");
    head.headers.insert("accept", "text/html");
    let id = head.id();
    let seen = requests.send(Look).head(head).await.unwrap();
    assert_eq!(seen.correlation.as_deref(), Some("c-1"));
    assert_eq!(seen.trace, Some(format!("{trace} Some(\"a=b\")")));
    assert!(seen.headers.contains(&"authorization: Bearer x".to_owned()), "{seen:?}");
    assert!(seen.headers.contains(&format!("idempotency-key: {id}")), "{seen:?}");
    assert!(!seen.headers.iter().any(|header| header == "host: elsewhere"), "{seen:?}");
    assert_eq!((seen.principal, seen.left_ms), (None, None), "the target does not trust us");
}

#[tokio::test]
async fn a_deadline_ends_the_handler_too() {
    let (there, _server, requests) = desk::start().await;
    let error = requests.send(Forever).deadline(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::Timeout, 504));
    within(there.settled()).await;
    let error = requests.send(Forever).deadline(Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
}

#[tokio::test]
async fn a_message_that_its_route_cannot_carry_says_so() {
    let (_there, _server, requests) = desk::start().await;
    let unfit = [
        (FindDesk::new(""), "`room` is empty"),
        (FindDesk::new(".."), "`room` is `..`"),
        (FindDesk::new("a\0b"), "`room` cannot be written"),
        (FindDesk { sizes: Vec::new(), ..FindDesk::new("x") }, "`sizes` is an empty list"),
    ];
    for (message, why) in unfit {
        let error = requests.send(message).await.unwrap_err();
        assert!(error.code() == "AW2108" && error.message().contains(why), "{error}");
        assert_eq!((error.kind(), error.detail()), (Kind::Internal, None));
    }
    let error = requests.send(Look).header("tenant", "a\nb").await.unwrap_err();
    assert!(error.code() == "AW2108" && error.message().contains("`tenant`"), "{error}");
    let error = requests.send(Look).idempotency_key("schlüssel").await.unwrap_err();
    assert!(error.code() == "AW2108" && error.message().contains("idempotency key"), "{error}");
}

#[tokio::test]
async fn every_message_crosses_where_the_target_offers_it() {
    let app = desk::app().await;
    let server = Server::of(app.clone(), |http| http.trust(Trust::everybody()).every_message()).await;
    let remote = HttpRemote::to(&server.url()).unwrap();
    assert!(!remote.reaches("desk.Double") && remote.reaches("desk.Ring"));
    assert!(!remote.reaches("desk.Nothing"));
    let error = Requests::through(remote).send(Double { number: 4 }).await.unwrap_err();
    assert_eq!(error.code(), "AW2107");
    let remote = HttpRemote::to(&server.url()).unwrap().every_message();
    assert!(remote.reaches("desk.Double"));
    assert!(remote.route("desk.Double").ends_with(" POST /anywise/messages/desk.Double"));
    let requests = Requests::through(remote);
    same(&app, &requests, Double { number: 4 }).await;
    for room in ["", ".", "..", "a\0b"] {
        same(&app, &requests, FindDesk { sizes: Vec::new(), ..FindDesk::new(room) }).await;
    }
}

#[tokio::test]
async fn a_target_may_have_a_prefix() {
    let app = desk::app().await;
    let routes = anywise_axum::router(&app);
    let pages = axum::Router::new().nest("/api/v1", routes);
    let server = Server::of(
        App::builder().slices([here::SLICE]).remote(anywise::Loopback::to(&app)).build().await.unwrap(),
        |http| http.merge(pages),
    )
    .await;
    let requests = Requests::through(HttpRemote::to(&format!("{}/api/v1/", server.url())).unwrap());
    same(&app, &requests, FindDesk::new("x")).await;
}

#[tokio::test]
async fn a_remote_may_be_for_some_slices_only() {
    let remote = HttpRemote::to("http://127.0.0.1:1").unwrap().slices(["order", "payment"]);
    assert!(!remote.reaches("desk.Ring"));
    let remote = remote.slices(["desk"]);
    assert!(!remote.reaches("desk.Double"));
    let error =
        Requests::through(HttpRemote::to("http://127.0.0.1:1").unwrap().slices(["order"])).send(Ring).await;
    assert_eq!(error.unwrap_err().code(), "AW2107");
}
