//! The ports, through their in-memory references.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anywise::prelude::*;
use anywise::{Loopback, MemoryBroker, MemoryStore, Subscription, Transport as _};

anywise::slice!(SLICE = "ports");

#[command]
struct Order {
    id: u32,
}

#[event(key = id)]
struct Ordered {
    id: u32,
}

#[derive(Default)]
struct Shelf {
    fine: AtomicUsize,
    tries: AtomicUsize,
}

#[handler]
async fn order(cmd: Order, events: &mut Events<(Ordered,)>) -> Result<()> {
    events.publish(Ordered { id: cmd.id });
    if cmd.id == 0 { Err(Error::new(Kind::Conflict, "ports.zero", "zero")) } else { Ok(()) }
}

#[listen]
async fn fine(_: &Ordered, shelf: &Shelf) {
    shelf.fine.fetch_add(1, Ordering::SeqCst);
}

#[listen]
async fn fails_twice(event: &Ordered, shelf: &Shelf) -> Result<()> {
    match (event.id, shelf.tries.fetch_add(1, Ordering::SeqCst)) {
        (13, _) => Err(Error::new(Kind::Unprocessable, "ports.unlucky", "unlucky")),
        (7, 0 | 1) => Err(Error::new(Kind::Unavailable, "ports.busy", "busy")),
        _ => Ok(()),
    }
}

mod away {
    use anywise::prelude::*;
    anywise::slice!(pub(super) SLICE = "away");

    #[query(reply = String)]
    pub(super) struct Where {
        pub(super) who: String,
    }

    #[handler]
    async fn where_is(query: Where) -> Result<String> {
        if query.who.is_empty() {
            return Err(Error::new(Kind::NotFound, "away.nobody", "nobody"));
        }
        Ok(format!("{} is away", query.who))
    }
}

async fn with_store() -> (App, Arc<MemoryStore>, Arc<Shelf>) {
    let (store, shelf) = (Arc::new(MemoryStore::new()), Arc::new(Shelf::default()));
    let app = App::builder()
        .slices([SLICE])
        .provide_arc(Arc::clone(&shelf))
        .store_arc(Arc::clone(&store) as _)
        .build()
        .await
        .unwrap();
    (app, store, shelf)
}

#[tokio::test]
async fn with_a_store_each_listener_has_a_delivery_of_its_own() {
    let (app, store, shelf) = with_store().await;
    app.send(Order { id: 1 }).await.unwrap();
    app.settled().await;
    assert_eq!(shelf.fine.load(Ordering::SeqCst), 1);
    assert!(store.open_dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_delivery_is_retried_and_the_others_are_not() {
    let (app, store, shelf) = with_store().await;
    app.publish(Ordered { id: 7 }).await.unwrap();
    app.settled().await;
    assert_eq!(shelf.tries.load(Ordering::SeqCst), 3);
    assert_eq!(shelf.fine.load(Ordering::SeqCst), 1);
    assert!(store.open_dead_letters().is_empty());
}

#[tokio::test]
async fn a_hopeless_delivery_becomes_a_dead_letter_with_its_reason() {
    let (app, store, shelf) = with_store().await;
    app.publish(Ordered { id: 13 }).await.unwrap();
    app.settled().await;
    let dead = store.open_dead_letters();
    let [letter] = dead.as_slice() else { panic!("one dead letter") };
    assert_eq!(letter.target, "behaviour::ports::fails_twice");
    assert_eq!(letter.envelope.key.as_deref(), Some("13"));
    assert!(letter.reason.contains("ports.unlucky"));
    assert_eq!(letter.failures[0].code, "ports.unlucky");
    assert_eq!(shelf.fine.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_error_after_recording_keeps_nothing() {
    let (app, _, shelf) = with_store().await;
    app.send(Order { id: 0 }).await.unwrap_err();
    app.settled().await;
    assert_eq!(shelf.fine.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn with_a_store_a_sink_has_a_delivery_of_its_own() {
    let broker = MemoryBroker::new("broker", 16);
    let source = broker.subscribe(&Subscription::new("elsewhere", ["ports.Ordered"])).await.unwrap();
    let store = Arc::new(MemoryStore::new());
    let app = App::builder()
        .slices([SLICE])
        .provide(Shelf::default())
        .sink(broker.clone())
        .store_arc(store)
        .build()
        .await
        .unwrap();
    app.publish(Ordered { id: 4 }).await.unwrap();
    app.settled().await;
    let incoming = source.receive(2).await.unwrap();
    let [incoming] = incoming.as_slice() else { panic!("one message") };
    assert_eq!(incoming.frame.attribute("type"), Some("ports.Ordered"));
    assert_eq!(incoming.frame.body, r#"{"id":4}"#);
}

#[tokio::test]
async fn two_sinks_of_one_name_are_refused() {
    let broker = MemoryBroker::new("broker", 1);
    let builder = App::builder().slices([SLICE]).provide(Shelf::default());
    let error = builder.sink(broker.clone()).sink(broker).build().await.unwrap_err();
    assert_eq!(error.faults()[0].code, "AW4113");
}

#[tokio::test]
async fn a_command_without_a_handler_here_goes_to_the_remote() {
    let there = App::builder().slices([away::SLICE]).build().await.unwrap();
    let here = App::builder()
        .slices([SLICE])
        .provide(Shelf::default())
        .remote(Loopback::to(&there))
        .build()
        .await
        .unwrap();
    assert_eq!(here.send(away::Where { who: "ann".into() }).await.unwrap(), "ann is away");
    let error = here.send(away::Where { who: String::new() }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::NotFound, "away.nobody"));
}
