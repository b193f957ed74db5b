//! Listeners that answer with commands, and handlers that send them.

use std::sync::{Arc, Mutex};

use anywise::prelude::*;

anywise::slice!(SLICE = "answering");

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }
}

#[event]
struct Asked {
    times: u32,
}

#[event]
struct Two;

#[event]
struct Doomed;

#[command]
struct Do {
    n: u32,
}

#[command(reply = String)]
struct Other;

#[query(reply = u32)]
struct HowMany;

#[handler]
async fn on_do(cmd: Do, log: &Log) -> Result<()> {
    log.note(format!("do {}", cmd.n));
    if cmd.n == 99 { Err(Error::new(Kind::Conflict, "answering.no", "not 99")) } else { Ok(()) }
}

#[handler]
async fn on_other(_: Other, log: &Log) -> String {
    log.note("other");
    "other".into()
}

#[handler]
async fn how_many(_: HowMany, log: &Log) -> u32 {
    u32::try_from(log.0.lock().unwrap().len()).unwrap()
}

#[listen]
async fn as_vec(event: &Asked) -> Vec<Do> {
    (0..event.times).map(|n| Do { n }).collect()
}

#[listen]
async fn as_tuple(_: &Two, log: &Log) -> Result<(Option<Do>, Other, Option<Do>)> {
    log.note("listener");
    Ok((Some(Do { n: 5 }), Other, None))
}

#[listen]
fn fails_later(_: &Doomed) -> Do {
    Do { n: 99 }
}

#[command(reply = u32)]
struct Conduct;

#[handler]
async fn conduct(
    _: Conduct,
    commands: Commands<(Do, Other)>,
    queries: Queries<(HowMany,)>,
    anything: Dispatcher,
) -> Result<u32> {
    commands.send(Do { n: 1 }).await?;
    assert_eq!(commands.send(Other).await?, "other");
    anything.send(Do { n: 2 }).await?;
    queries.ask(HowMany).await
}

async fn app() -> (App, Arc<Log>) {
    let log = Arc::new(Log::default());
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&log)).build().await.unwrap();
    (app, log)
}

#[tokio::test]
async fn a_listener_answers_with_commands() {
    let (app, log) = app().await;
    app.publish(Asked { times: 2 }).await.unwrap();
    app.publish(Two).await.unwrap();
    assert_eq!(*log.0.lock().unwrap(), ["do 0", "do 1", "listener", "do 5", "other"]);
}

#[tokio::test]
async fn a_failed_answer_is_the_listeners_failure() {
    let (app, _) = app().await;
    let error = app.publish(Doomed).await.unwrap_err();
    let failures = error.downcast_ref::<anywise::PublishError>().unwrap().failures();
    assert_eq!(failures[0].1.code(), "answering.no");
}

#[tokio::test]
async fn a_handler_sends_what_it_declared() {
    let (app, _) = app().await;
    assert_eq!(app.send(Conduct).await.unwrap(), 3);
}

#[tokio::test]
async fn the_catalog_knows_who_sends_what() {
    let (app, _) = app().await;
    let sends = |name: &str| {
        let functions = &app.catalog().functions;
        functions.iter().find(|function| function.name == name).unwrap().sends.clone()
    };
    assert_eq!(sends("as_vec"), ["answering.Do"]);
    assert_eq!(sends("as_tuple"), ["answering.Do", "answering.Other"]);
    assert_eq!(sends("conduct"), ["answering.Do", "answering.HowMany", "answering.Other"]);
}
