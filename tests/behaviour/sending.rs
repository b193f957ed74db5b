//! `send`: replies, errors, panics, time-outs, limits, cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anywise::prelude::*;
use tokio::sync::{Notify, Semaphore};

anywise::slice!(SLICE = "sending");

#[command(reply = u32)]
struct Double {
    value: u32,
}

#[handler]
async fn double(cmd: Double) -> u32 {
    cmd.value * 2
}

#[query(reply = String, local)]
struct Shout(&'static str);

#[handler]
fn shout(query: &Shout) -> String {
    query.0.to_uppercase()
}

#[derive(Debug, Fault)]
enum Refusal {
    #[fault(kind = conflict, code = "sending.taken", message = "seat {seat} is taken")]
    Taken { seat: u32 },
    #[fault(kind = internal, code = "sending.broken", message = "the secret is 42", detail = "come back later")]
    Broken,
}

#[command(reply = u32)]
struct Reserve {
    seat: u32,
}

#[handler]
async fn reserve(cmd: Reserve) -> Result<u32, Refusal> {
    match cmd.seat {
        13 => Err(Refusal::Broken),
        7 => Err(Refusal::Taken { seat: 7 }),
        seat => Ok(seat),
    }
}

#[command]
struct Explode;

#[handler]
async fn explode(_: Explode, tally: &Tally, events: &mut Events<(Exploded,)>) {
    events.publish(Exploded);
    tally.0.fetch_add(1, Ordering::SeqCst);
    panic!("boom with a secret");
}

#[event]
struct Exploded;

#[command]
struct Announce;

#[event]
struct Announced;

#[handler]
async fn announce(_: Announce, events: &mut Events<(Announced,)>) {
    events.publish(Announced);
}

#[listen]
async fn announced(_: &Announced, deadline: Deadline, tally: &Tally) {
    assert_eq!(deadline.remaining(), None);
    tally.0.fetch_add(1000, Ordering::SeqCst);
}

#[listen]
async fn heard(_: &Exploded, tally: &Tally) {
    tally.0.fetch_add(1000, Ordering::SeqCst);
}

#[derive(Default)]
struct Tally(AtomicUsize);

#[command]
struct Wait;

#[handler(timeout = "20ms")]
async fn wait(_: Wait, never: &Notify) {
    never.notified().await;
}

#[command]
struct WaitForDeadline;

#[handler]
async fn wait_for_deadline(_: WaitForDeadline, deadline: Deadline, never: &Notify) {
    assert!(deadline.remaining().is_some());
    never.notified().await;
}

#[command(reply = usize)]
struct Crowd;

struct Room {
    inside: AtomicUsize,
    most: AtomicUsize,
    go: Semaphore,
}

#[handler(concurrency = 2)]
async fn crowd(_: Crowd, room: &Room) -> usize {
    let inside = room.inside.fetch_add(1, Ordering::SeqCst) + 1;
    room.most.fetch_max(inside, Ordering::SeqCst);
    let _go = room.go.acquire().await;
    room.inside.fetch_sub(1, Ordering::SeqCst);
    inside
}

#[command(reply = u64)]
struct Grind {
    to: u64,
}

#[handler(blocking)]
fn grind(cmd: Grind, tally: &Tally) -> u64 {
    tally.0.fetch_add(1, Ordering::SeqCst);
    assert!(cmd.to != 13, "unlucky");
    (1..=cmd.to).sum()
}

#[command]
struct Hang;

#[handler]
async fn hang(_: Hang, events: &mut Events<(Exploded,)>, never: &Notify, tally: &Tally) {
    events.publish(Exploded);
    tally.0.fetch_add(1, Ordering::SeqCst);
    never.notified().await;
}

async fn app() -> (App, Arc<Tally>) {
    let tally = Arc::new(Tally::default());
    let room = Room { inside: AtomicUsize::new(0), most: AtomicUsize::new(0), go: Semaphore::new(0) };
    let app = App::builder()
        .slices([SLICE])
        .provide_arc(Arc::clone(&tally))
        .provide(Notify::new())
        .provide(room)
        .build()
        .await
        .expect("the wiring is right");
    (app, tally)
}

#[tokio::test]
async fn the_reply_is_typed() {
    let (app, _) = app().await;
    let reply: u32 = app.send(Double { value: 21 }).await.unwrap();
    assert_eq!(reply, 42);
    assert_eq!(app.send(Shout("hey")).await.unwrap(), "HEY");
}

#[tokio::test]
async fn a_fault_keeps_kind_code_and_value() {
    let (app, _) = app().await;
    let error = app.send(Reserve { seat: 7 }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "sending.taken"));
    assert_eq!(error.detail(), Some("seat 7 is taken"));
    assert!(matches!(error.downcast_ref(), Some(Refusal::Taken { seat: 7 })));
}

#[tokio::test]
async fn what_the_caller_reads_is_not_what_the_log_reads() {
    let (app, _) = app().await;
    let error = app.send(Reserve { seat: 13 }).await.unwrap_err();
    assert_eq!(error.message(), "the secret is 42");
    assert_eq!(error.detail(), Some("come back later"));
}

#[tokio::test]
async fn a_fault_passed_on_with_a_question_mark_keeps_its_code() {
    fn passed_on() -> Result<()> {
        Err(Refusal::Taken { seat: 3 })?;
        Ok(())
    }
    let error = passed_on().unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "sending.taken"));
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_message_and_undoes_its_events() {
    let (app, tally) = app().await;
    let error = app.send(Explode).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Internal, "AW1500"));
    assert_eq!(error.detail(), None, "the panic's text is for the log");
    app.settled().await;
    assert_eq!(tally.0.load(Ordering::SeqCst), 1, "no listener heard of it");
    assert_eq!(app.send(Double { value: 1 }).await.unwrap(), 2, "the application goes on");
}

#[tokio::test(start_paused = true)]
async fn a_time_out_ends_the_handler() {
    let (app, _) = app().await;
    let error = app.send(Wait).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Timeout, "AW1501"));
    assert!(error.message().contains("::wait"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_senders_deadline_ends_the_handler() {
    let (app, _) = app().await;
    let error = app.send(WaitForDeadline).deadline(Duration::from_millis(5)).await.unwrap_err();
    assert_eq!(error.code(), "AW1501");
}

#[tokio::test]
async fn the_senders_deadline_is_not_that_of_the_events_it_causes() {
    let (app, tally) = app().await;
    app.send(Announce).deadline(Duration::from_millis(500)).await.unwrap();
    app.settled().await;
    assert_eq!(tally.0.load(Ordering::SeqCst), 1000, "the listener saw no deadline");
}

#[tokio::test]
async fn no_more_run_at_one_time_than_said() {
    let room =
        Arc::new(Room { inside: AtomicUsize::new(0), most: AtomicUsize::new(0), go: Semaphore::new(0) });
    let app = App::builder()
        .slices([SLICE])
        .provide(Tally::default())
        .provide(Notify::new())
        .provide_arc(Arc::clone(&room))
        .build()
        .await
        .unwrap();
    let sends: Vec<_> = (0..10)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { app.send(Crowd).await })
        })
        .collect();
    while room.inside.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    room.go.add_permits(10);
    for send in sends {
        send.await.unwrap().unwrap();
    }
    assert_eq!(room.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_blocking_handler_runs_on_the_blocking_pool() {
    let (app, tally) = app().await;
    assert_eq!(app.send(Grind { to: 100 }).await.unwrap(), 5050);
    assert_eq!(app.send(Grind { to: 13 }).await.unwrap_err().code(), "AW1500");
    assert_eq!(tally.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn dropping_the_future_cancels_the_handler_and_undoes_its_events() {
    let (app, tally) = app().await;
    {
        let mut sending = Box::pin(app.send(Hang).into_future());
        assert!(futures_poll(sending.as_mut()).await.is_none());
    }
    app.settled().await;
    assert_eq!(tally.0.load(Ordering::SeqCst), 1);
}

/// Polls once.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_command_without_a_handler_here_is_an_error() {
    let (app, _) = app().await;
    assert_eq!(app.send(elsewhere::Nobodys).await.unwrap_err().code(), "AW4006");
}

mod elsewhere {
    use anywise::prelude::*;
    anywise::contract!("sending-elsewhere");

    #[command(local)]
    pub(super) struct Nobodys;
}
