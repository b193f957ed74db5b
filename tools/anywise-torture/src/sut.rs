//! The child: a real application that does what it is told, a line at a time.
//!
//! A request comes in as one line of JSON on standard input; its answer goes out
//! as one on standard output, written only after the application has answered.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::task::Poll;
use std::time::Duration;

use anywise::{
    Acceptance, App, Arrival, Batch, Buried, Delivery, Envelope, Error, Failure, RelayPolicy, Uuid,
};
use anywise_sql::pass_failpoint;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::Result;
use crate::slice::{Ballast, Bomb, Free, Late, Poisoned, Poked, Process, Put};

/// What the child is told on its command line.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Folder of its files
    #[arg(long)]
    dir: PathBuf,
    /// Postgres; SQLite in the folder unless given
    #[arg(long)]
    postgres: Option<String>,
    /// Its number among its peers
    #[arg(long, default_value_t = 0)]
    node: i64,
    /// How long a claim is held without being renewed, in milliseconds
    #[arg(long, default_value_t = 1_000)]
    lease: u64,
    /// The most pages the database may have
    #[arg(long)]
    pages: Option<u32>,
    /// Poison is medicine
    #[arg(long)]
    cured: bool,
    /// The broker between it and others
    #[command(flatten)]
    link: crate::link::Link,
}

/// A request of the parent.
#[derive(Debug, Deserialize)]
struct Request {
    /// Number of the call.
    c: u64,
    op: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    amount: i64,
    /// Under an idempotency key.
    #[serde(default)]
    once: bool,
    /// Give up after so many polls.
    polls: Option<u64>,
}

/// Runs the child until its input ends.
pub(crate) async fn run(options: Options) -> Result<()> {
    let app = Arc::new(open(&options).await?);
    say(&json!({"ready": std::process::id()}));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let request: Request = serde_json::from_str(&line)?;
        if request.op == "stop" {
            pass_failpoint("shutdown.after_stop_accept").await;
            let stopped = app.stop(Duration::from_secs(5)).await;
            say(&json!({"c": request.c, "r": "ok", "d": {"left": stopped.left}}));
            return Ok(());
        }
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let (number, id) = (request.c, request.id.clone());
            pass_failpoint("http.after_parse").await;
            let mut answer = answer(&app, request).await;
            pass_failpoint("http.after_commit_before_reply").await;
            (answer["c"], answer["id"]) = (json!(number), json!(id));
            say(&answer);
        });
    }
    Ok(())
}

/// One write, so that the parent sees a line or none.
fn say(line: &Value) {
    use std::io::Write as _;
    let line = format!("{line}\n");
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

async fn open(options: &Options) -> Result<App> {
    std::fs::create_dir_all(&options.dir)?;
    let loose = options.dir.join(format!("loose-{}.txt", options.node));
    let epochs = options.dir.join(format!("epochs-{}.txt", options.node));
    let process = Process {
        node: options.node,
        shared: options.postgres.is_some(),
        epochs: std::fs::File::options().create(true).append(true).open(epochs)?,
        cured: AtomicBool::new(options.cured),
        loose: std::fs::File::options().create(true).append(true).open(loose)?,
        rolls: AtomicU64::new(u64::from(std::process::id())),
    };
    let wait = Duration::from_millis(4);
    let relay = RelayPolicy {
        attempts: 10,
        first_wait: wait,
        factor: 1,
        longest_wait: wait,
        poll: Some(Duration::from_millis(20)),
        sweep: Duration::from_millis(100),
        retention: crate::store::retention(),
        ..RelayPolicy::default()
    };
    let slices = options.link.slices(options.postgres.is_some());
    let builder = App::builder().name("torture").slices(slices).provide(process).relay(relay);
    let builder = options.link.join(builder);
    let builder = match &options.postgres {
        Some(url) => builder.store(crate::store::postgres(url, Duration::from_millis(options.lease)).await?),
        None => builder.store(crate::store::sqlite(&options.dir.join("torture.db"), options.pages).await?),
    };
    Ok(builder.build().await?)
}

/// Answers a request.
async fn answer(app: &App, request: Request) -> Value {
    let polls = request.polls;
    let mut doing = pin!(act(app, &request));
    let Some(polls) = polls else { return told(doing.await) };
    // Given up after so many polls: at another await each time.
    let mut count = 0;
    let result = poll_fn(|cx| {
        let poll = doing.as_mut().poll(cx).map(Some);
        count += 1;
        if poll.is_pending() && count >= polls { Poll::Ready(None) } else { poll }
    });
    match result.await {
        Some(result) => told(result),
        None => json!({"r": "info", "code": "dropped"}),
    }
}

/// What the client may believe of a result.
fn told(result: anywise::Result<Value>) -> Value {
    match result {
        Ok(data) => json!({"r": "ok", "d": data}),
        Err(error) => {
            let word = if is_unknown(&error) { "info" } else { "fail" };
            json!({"r": word, "code": error.code(), "text": error.to_string()})
        }
    }
}

/// The outcome of a commit that nobody knows.
fn is_unknown(error: &Error) -> bool {
    matches!(error.code(), "AW7006")
}

async fn act(app: &App, request: &Request) -> anywise::Result<Value> {
    let Request { op, id, key, amount, once, .. } = request;
    let (id, key, amount) = (id.clone(), key.clone(), *amount);
    match op.as_str() {
        "put" | "refuse" => {
            let memory = id.clone();
            let sending = app.send(Put { id, key, amount, refuse: op == "refuse" });
            if *once { sending.idempotency_key(memory).await? } else { sending.await? }
        }
        "poke" => {
            let memory = id.clone();
            app.publish(Poked { id, amount }).idempotency_key(memory).await?;
        }
        "late" => {
            let due = jiff::Timestamp::from_millisecond(jiff::Timestamp::now().as_millisecond() + 30)?;
            app.send(Late { id, amount, due: due.as_millisecond() }).durable().at(due).await?;
        }
        "beat" => return fire(app, id, key, amount).await,
        "arrive" => return arrive(app, id, amount).await,
        "bury" => return bury(app, id, amount).await,
        "plant" => app.publish(Poisoned { id, amount }).await?,
        "bomb" => app.publish(Bomb { id }).await?,
        "fill" => app.send(Ballast { kilobytes: amount }).await?,
        "free" => app.send(Free {}).await?,
        "depth" => return depth(app).await,
        "dead" => return dead(app).await,
        "replay" => return replay(app, &id).await,
        _ => return Err(Error::internal(format!("no such request: {op}"))),
    }
    Ok(Value::Null)
}

/// A message with an id of its own, however often it comes.
fn message(id: &str, name: &str, amount: i64) -> anywise::Result<Envelope> {
    let mut envelope = Envelope::json(name, serde_json::to_string(&json!({"id": id, "amount": amount}))?);
    envelope.id = Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes());
    Ok(envelope)
}

/// Takes in what a broker delivered, together with what it had delivered before.
async fn arrive(app: &App, id: String, amount: i64) -> anywise::Result<Value> {
    let store = app.store().expect("there is one");
    let envelope = message(&id, "torture.Poked", amount)?;
    let (number, says) = (envelope.id, Uuid::new_v5(&Uuid::nil(), &envelope.body));
    let arrivals = vec![
        Arrival::new("torture", Uuid::nil(), Uuid::nil(), Vec::new()),
        Arrival::new("torture", number, says, vec![Delivery::new("torture::slice::poke", envelope)]),
    ];
    match store.accept(arrivals).await?[1] {
        Acceptance::New | Acceptance::Known => Ok(Value::Null),
        _ => Err(Error::internal("another message has come under its id")),
    }
}

/// Makes a message a dead letter that nobody could read.
async fn bury(app: &App, id: String, amount: i64) -> anywise::Result<Value> {
    let delivery = Delivery::new("torture::slice::poison", message(&id, "torture.Poisoned", amount)?);
    let mut failure = Failure::new(1, "torture.unreadable", "nobody can read it");
    failure.node = format!("pid {}", std::process::id());
    let mut batch = Batch::default();
    batch.bury.push(Buried::new(delivery, failure));
    app.store().expect("there is one").commit(batch).await?;
    Ok(Value::Null)
}

/// Fires the schedule `key` at `amount`.
async fn fire(app: &App, id: String, key: String, amount: i64) -> anywise::Result<Value> {
    let store = app.store().expect("there is one");
    let body = serde_json::to_string(&json!({"id": id, "amount": amount}))?;
    let delivery = Delivery::new("torture::slice::beat", Envelope::json("torture.Beat", body));
    let due = jiff::Timestamp::from_millisecond(amount)?;
    let fired = store.fire(&key, due, delivery).await?;
    Ok(json!({"fired": fired}))
}

async fn depth(app: &App) -> anywise::Result<Value> {
    let mut sum = [0; 6];
    for depth in app.depth().await? {
        let parts = [depth.ready, depth.claimed, depth.blocked, depth.retrying, depth.scheduled, depth.dead];
        sum.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }
    let [ready, claimed, blocked, retrying, scheduled, dead] = sum;
    Ok(json!({"ready": ready, "claimed": claimed, "blocked": blocked, "retrying": retrying,
              "scheduled": scheduled, "dead": dead}))
}

async fn dead(app: &App) -> anywise::Result<Value> {
    let store = app.store().expect("there is one");
    let mut which = anywise::DeadLetters::default();
    which.most = Some(100_000);
    let mut found = Vec::new();
    for letter in store.dead_letters(which).await? {
        let body: Value = serde_json::from_slice(&letter.envelope.body).unwrap_or_default();
        let failures = letter.failures.last();
        let missing = [
            ("reason", letter.reason.is_empty()),
            ("target", letter.target.is_empty()),
            ("name", letter.envelope.name.is_empty()),
            ("body", body["id"].as_str().is_none()),
            ("attempts", letter.attempts == 0),
            // Whoever ended the process could not say why.
            ("failures", failures.is_none() && letter.losses == 0),
            ("code", failures.is_some_and(|failure| failure.code.is_empty())),
            ("node", failures.is_some_and(|failure| failure.node.is_empty())),
        ];
        let missing = missing.iter().find(|(_, missing)| *missing).map(|(what, _)| *what);
        found.push(json!({"id": body["id"], "target": letter.target, "reason": letter.reason, "missing": missing,
                          "letter": letter.id.to_string(), "attempts": letter.attempts, "losses": letter.losses}));
    }
    Ok(json!(found))
}

/// Replays every dead letter, or that of one message.
async fn replay(app: &App, id: &str) -> anywise::Result<Value> {
    let store = app.store().expect("there is one");
    let mut which = anywise::DeadLetters::default();
    which.most = Some(100_000);
    let mut replayed = 0;
    for letter in store.dead_letters(which).await? {
        let body: Value = serde_json::from_slice(&letter.envelope.body).unwrap_or_default();
        if id.is_empty() || body["id"] == json!(id) {
            replayed += u64::from(store.replay(letter.id, None).await?);
        }
    }
    Ok(json!({"replayed": replayed}))
}

/// The child's log goes where its parent keeps it.
pub(crate) fn log() {
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).try_init();
}
