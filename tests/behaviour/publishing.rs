//! `publish`: isolation, policies, errors together, cascades.

use std::sync::{Arc, Mutex};

use anywise::PublishError;
use anywise::PublishPolicy;
use anywise::prelude::*;
use tokio::sync::Notify;

anywise::slice!(SLICE = "publishing");

#[derive(Default)]
struct Log(Mutex<Vec<&'static str>>);

impl Log {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }
    fn sorted(&self) -> Vec<&'static str> {
        let mut noted = self.0.lock().unwrap().clone();
        noted.sort_unstable();
        noted
    }
}

#[event]
#[derive(Clone)]
struct Happened {
    fail: bool,
}

#[derive(Debug, Fault)]
#[fault(kind = unavailable, code = "publishing.busy", message = "busy")]
struct Busy;

#[listen]
async fn a_first(event: &Happened, log: &Log) -> Result<(), Busy> {
    log.note("a");
    if event.fail { Err(Busy) } else { Ok(()) }
}

#[listen]
fn b_panics(event: Happened, log: &Log) {
    log.note("b");
    assert!(!event.fail, "no");
}

#[listen]
async fn c_waits(event: &Happened, log: &Log, gate: &Notify) {
    gate.notified().await;
    log.note(if event.fail { "c" } else { "c ok" });
}

#[event]
struct Unheard;

#[event]
struct Second;

#[event]
struct Third;

#[listen]
async fn cascade(_: &Second, log: &Log, events: &mut Events<(Third,)>) {
    log.note("second");
    events.publish(Third);
}

#[listen]
async fn end(_: &Third, log: &Log) {
    log.note("third");
}

async fn app(policy: PublishPolicy) -> (App, Arc<Log>, Arc<Notify>) {
    let (log, gate) = (Arc::new(Log::default()), Arc::new(Notify::new()));
    let app = App::builder()
        .slices([SLICE])
        .publish_policy(policy)
        .provide_arc(Arc::clone(&log))
        .provide_arc(Arc::clone(&gate))
        .build()
        .await
        .unwrap();
    (app, log, gate)
}

#[tokio::test]
async fn every_listener_runs_and_all_failures_come_together() {
    let (app, log, gate) = app(PublishPolicy::Concurrent).await;
    gate.notify_one();
    let error = app.publish(Happened { fail: true }).await.unwrap_err();
    assert_eq!(log.sorted(), ["a", "b", "c"]);
    let failures: &PublishError = error.downcast_ref().unwrap();
    let codes: Vec<_> = failures.failures().iter().map(|(id, error)| (id.as_str(), error.code())).collect();
    assert_eq!(
        codes,
        [
            ("behaviour::publishing::a_first", "publishing.busy"),
            ("behaviour::publishing::b_panics", "AW1500")
        ]
    );
    assert!(error.kind().is_retryable());
}

#[tokio::test]
async fn a_waiting_listener_does_not_hold_up_the_others() {
    let (app, log, gate) = app(PublishPolicy::Concurrent).await;
    let publishing = tokio::spawn({
        let app = app.clone();
        async move { app.publish(Happened { fail: false }).await }
    });
    while log.sorted() != ["a", "b"] {
        tokio::task::yield_now().await;
    }
    gate.notify_one();
    publishing.await.unwrap().unwrap();
    assert_eq!(log.sorted(), ["a", "b", "c ok"]);
}

#[tokio::test]
async fn one_after_the_other_runs_all() {
    let (app, log, gate) = app(PublishPolicy::Sequential).await;
    gate.notify_one();
    let error = app.publish(Happened { fail: true }).await.unwrap_err();
    assert_eq!(error.downcast_ref::<PublishError>().unwrap().failures().len(), 2);
    assert_eq!(*log.0.lock().unwrap(), ["a", "b", "c"], "by stable id");
}

#[tokio::test]
async fn the_first_failure_may_end_the_rest() {
    let (app, log, _) = app(PublishPolicy::StopAtFirst).await;
    app.publish(Happened { fail: true }).await.unwrap_err();
    assert_eq!(log.sorted(), ["a"]);
}

#[tokio::test]
async fn no_listener_is_fine() {
    let (app, ..) = app(PublishPolicy::Concurrent).await;
    app.publish(Unheard).await.unwrap();
}

#[tokio::test]
async fn recorded_events_are_delivered_after_the_listener() {
    let (app, log, _) = app(PublishPolicy::Concurrent).await;
    app.publish(Second).await.unwrap();
    app.settled().await;
    assert_eq!(*log.0.lock().unwrap(), ["second", "third"]);
}
