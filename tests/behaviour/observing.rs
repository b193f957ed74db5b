//! What metrics and probes are told about deliveries.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anywise::prelude::*;
use anywise::{Depth, MemoryStore, Observer, Outcome, RelayPolicy, Settled};
use tokio::sync::Semaphore;

anywise::slice!(SLICE = "observing");

#[event]
struct Happened {
    what: String,
}

#[listen]
async fn watch(event: &Happened, gate: &Semaphore) -> Result<()> {
    match event.what.as_str() {
        "wait" => gate.acquire().await?.forget(),
        "fail" => return Err(Error::new(Kind::Conflict, "observing.no", "no")),
        _ => {}
    }
    Ok(())
}

type Told = Arc<Mutex<Vec<String>>>;

struct Notes(Told);

impl Observer for Notes {
    fn settled(&self, settled: &Settled<'_>) {
        let outcome = match settled.outcome {
            Outcome::Done(_) => "done",
            Outcome::DeadLetter(_) => "dead",
            _ => "other",
        };
        let target = settled.target.rsplit("::").next().unwrap_or_default();
        self.0.lock().unwrap().push(format!("{target} {} {} {outcome}", settled.message, settled.attempts));
    }

    fn depth(&self, depths: &[Depth]) {
        let dead: u64 = depths.iter().map(|depth| depth.dead).sum();
        self.0.lock().unwrap().push(format!("dead {dead}"));
    }
}

async fn start() -> (App, Told, Arc<Semaphore>) {
    let (told, gate) = (Told::default(), Arc::new(Semaphore::new(0)));
    let relay = RelayPolicy { concurrency: 1, held: 1, ..RelayPolicy::default() };
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&gate)).relay(relay);
    let app = app.store(MemoryStore::new()).observe(Notes(Arc::clone(&told))).build().await.unwrap();
    (app, told, gate)
}

fn happened(what: &str) -> Happened {
    Happened { what: what.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_how_deliveries_end_and_what_waits() {
    let (app, told, _) = start().await;
    app.publish(happened("well")).await.unwrap();
    app.settled().await;
    app.publish(happened("fail")).await.unwrap();
    app.settled().await;
    let ends = ["watch observing.Happened 1 done", "watch observing.Happened 1 dead"];
    assert_eq!(*told.lock().unwrap(), ends);
    tokio::time::sleep(RelayPolicy::default().observe * 2).await;
    assert!(told.lock().unwrap().iter().any(|line| line == "dead 1"));
}

#[tokio::test(start_paused = true)]
async fn an_application_that_does_not_keep_up_is_degraded() {
    let (app, _, gate) = start().await;
    assert!(app.health().await.is_ready());
    for _ in 0..2 {
        app.publish(happened("wait")).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(62)).await;
    let health = app.health().await;
    assert!(!health.is_ready() && health.to_string().contains("watch"), "{health}");
    gate.add_permits(2);
    app.settled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(app.health().await.is_ready());
    app.stop(Duration::from_secs(1)).await;
    assert_eq!(app.health().await.to_string(), "degraded: the application is stopping");
}
