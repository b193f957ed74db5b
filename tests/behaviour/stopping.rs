//! Stopping: intake first, then a drain, then what was left is told.

use std::sync::Arc;
use std::time::Duration;

use anywise::prelude::*;
use anywise::{BoxFuture, CancellationToken, Ingress};
use tokio::sync::{Notify, oneshot};

anywise::slice!(SLICE = "stopping");

#[event]
struct Began;

#[command]
struct Begin;

#[handler]
async fn begin(_: Begin, events: &mut Events<(Began,)>) {
    events.publish(Began);
}

#[listen]
async fn slow(_: &Began, gate: &Notify, stop: Cancellation) {
    tokio::select! {
        () = gate.notified() => {}
        () = stop.cancelled() => {}
    }
}

async fn app() -> (App, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&gate)).build().await.unwrap();
    (app, gate)
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_work_in_flight() {
    let (app, gate) = app().await;
    app.send(Begin).await.unwrap();
    gate.notify_one();
    assert_eq!(app.stop(Duration::from_secs(5)).await.left, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_at_the_deadline_is_told_and_cancelled() {
    let (app, _gate) = app().await;
    app.send(Begin).await.unwrap();
    assert_eq!(app.stop(Duration::from_millis(10)).await.left, 1);
    app.settled().await;
}

struct Door(oneshot::Sender<&'static str>);

impl Ingress for Door {
    fn serve(self: Box<Self>, app: App, stop: CancellationToken) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            app.send(Begin).await?;
            stop.cancelled().await;
            let _ = self.0.send("closed");
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn serving_closes_the_door_before_it_drains() {
    let (app, gate) = app().await;
    let (closed, told) = oneshot::channel();
    let serving = tokio::spawn({
        let app = app.clone();
        async move { app.serve_until(Door(closed), async {}).await }
    });
    assert_eq!(told.await.unwrap(), "closed");
    assert!(!serving.is_finished(), "a listener is still at work");
    gate.notify_one();
    assert_eq!(serving.await.unwrap().unwrap().left, 0);
}
