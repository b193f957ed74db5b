//! A request that is sent again under its `Idempotency-Key`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use anywise::prelude::*;
use anywise_axum::Http;
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{Reply, Server, Serving};

anywise::slice!(SLICE = "desk", "Opens accounts.");

/// What was done, and how often.
#[derive(Default)]
struct Desk {
    guarded: AtomicU32,
    opened: AtomicU32,
    tried: AtomicU32,
    closed: AtomicU32,
}

#[command(reply = Opened, http("POST /accounts", status = 201, location = "/accounts/{account_id}"))]
struct OpenAccount {
    owner: String,
}

#[data]
struct Opened {
    account_id: u32,
    /// In another order each time it is read.
    limits: HashMap<String, f64>,
}

#[handler]
async fn open_account(cmd: OpenAccount, desk: &Desk) -> Opened {
    // Duplicates have the time to overtake.
    tokio::task::yield_now().await;
    let limits = (0..20).map(|n| (format!("{} {n}", cmd.owner), 0.1 * f64::from(n))).collect();
    Opened { account_id: desk.opened.fetch_add(1, SeqCst) + 1, limits }
}

#[guard]
async fn known(_: &OpenAccount, cx: Context, desk: &Desk) -> Result<()> {
    desk.guarded.fetch_add(1, SeqCst);
    match cx.headers().get("x-pass") {
        Some("no") => Err(Error::new(Kind::Forbidden, "desk.unknown", "who are you?")),
        _ => Ok(()),
    }
}

/// Succeeds the second time.
#[command(reply = u32, http = "PUT /flaky")]
struct Flaky;

#[handler]
fn flaky(_: Flaky, desk: &Desk) -> Result<u32> {
    match desk.tried.fetch_add(1, SeqCst) {
        0 => Err(Error::new(Kind::Conflict, "desk.busy", "not now")),
        tried => Ok(tried),
    }
}

#[command(http("DELETE /accounts/{id}", status = 204))]
struct CloseAccount {
    id: u32,
}

#[handler]
async fn close_account(cmd: CloseAccount, desk: &Desk) {
    desk.closed.fetch_add(cmd.id, SeqCst);
}

#[query(reply = u32, http = "GET /opened")]
struct CountOpened;

#[handler]
fn count_opened(_: CountOpened, desk: &Desk) -> u32 {
    desk.opened.load(SeqCst)
}

type DeskServer = Server<anywise::Result<anywise::Stopped>>;

async fn start(store: Option<anywise::MemoryStore>) -> (DeskServer, Arc<Desk>) {
    let desk = Arc::new(Desk::default());
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&desk));
    let app = match store {
        Some(store) => app.store(store),
        None => app,
    };
    let app = app.build().await.expect("well wired");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = Server::of(listener, |listener, stopped| -> Serving<_> {
        Box::pin(async move { app.serve_until(Http::on(listener), stopped).await })
    });
    (server, desk)
}

async fn with_store() -> (DeskServer, Arc<Desk>) {
    start(Some(anywise::MemoryStore::new())).await
}

/// Sends under a key; `headers` are whole lines.
async fn send(server: &DeskServer, line: &str, key: &str, headers: &str, body: &str) -> Reply {
    let head = format!("{line} HTTP/1.1\r\nhost: x\r\nidempotency-key: {key}\r\n{headers}");
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    server.ask(format!("{head}{kind}content-length: {}\r\n\r\n{body}", body.len())).await
}

async fn open(server: &DeskServer, key: &str, owner: &str) -> Reply {
    send(server, "POST /accounts", key, "", &json!({"owner": owner}).to_string()).await
}

#[tokio::test]
async fn the_same_request_is_answered_with_the_same_bytes_and_done_once() {
    let (server, desk) = with_store().await;
    let first = open(&server, "k-1", "ann").await;
    assert_eq!((first.status, first.header("location")), (201, Some("/accounts/1")), "{first:?}");
    for _ in 0..5 {
        let again = open(&server, "k-1", "ann").await;
        assert_eq!((again.status, again.header("location")), (201, Some("/accounts/1")));
        assert_eq!(again.body, first.body);
    }
    // The order of the fields and the spaces say nothing.
    let spaced = send(&server, "POST /accounts", "k-1", "", r#" { "owner" : "ann" } "#).await;
    assert_eq!(spaced.body, first.body);
    assert_eq!(desk.opened.load(SeqCst), 1);
    assert_eq!(open(&server, "k-2", "ann").await.header("location"), Some("/accounts/2"));
}

#[tokio::test]
async fn the_same_key_with_another_request_is_refused() {
    let (server, desk) = with_store().await;
    assert_eq!(open(&server, "k-1", "ann").await.status, 201);
    open(&server, "k-1", "bob").await.expect_problem(422, "idempotency.mismatch");
    assert_eq!(desk.opened.load(SeqCst), 1);
}

#[tokio::test]
async fn twenty_at_once_have_one_effect_and_one_answer() {
    let (server, desk) = with_store().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.client().await);
    }
    let body = r#"{"owner":"ann"}"#;
    let request = format!(
        "POST /accounts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         idempotency-key: k-1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for client in &mut clients {
        client.send(&request).await;
    }
    let mut bodies = Vec::new();
    for client in &mut clients {
        let reply = client.reply().await;
        assert_eq!(reply.status, 201, "{reply:?}");
        bodies.push(reply.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert_eq!((desk.opened.load(SeqCst), desk.guarded.load(SeqCst)), (1, 20));
}

#[tokio::test]
async fn guards_run_before_a_remembered_answer() {
    let (server, desk) = with_store().await;
    assert_eq!(open(&server, "k-1", "ann").await.status, 201);
    let body = r#"{"owner":"ann"}"#;
    let refused = send(&server, "POST /accounts", "k-1", "x-pass: no\r\n", body).await;
    refused.expect_problem(403, "desk.unknown");
    assert_eq!((desk.opened.load(SeqCst), desk.guarded.load(SeqCst)), (1, 2));
}

#[tokio::test]
async fn what_failed_is_not_remembered() {
    let (server, _) = with_store().await;
    send(&server, "PUT /flaky", "k-1", "", "null").await.expect_problem(409, "desk.busy");
    for _ in 0..3 {
        assert_eq!(send(&server, "PUT /flaky", "k-1", "", "null").await.json(), 1);
    }
}

#[tokio::test]
async fn a_delete_has_a_key_as_well() {
    let (server, desk) = with_store().await;
    for _ in 0..3 {
        let reply = send(&server, "DELETE /accounts/7", "k-1", "", "").await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{reply:?}");
    }
    assert_eq!(desk.closed.load(SeqCst), 7);
    let other = send(&server, "DELETE /accounts/8", "k-1", "", "").await;
    other.expect_problem(422, "idempotency.mismatch");
}

#[tokio::test]
async fn a_malformed_key_is_refused_and_named() {
    let (server, desk) = with_store().await;
    for bad in ["", "a\tb", "schlüssel", &"k".repeat(129)] {
        let problem = open(&server, bad, "ann").await.expect_problem(400, "AW1041");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains("`Idempotency-Key`")));
    }
    let twice = send(&server, "POST /accounts", "a", "idempotency-key: a\r\n", r#"{"owner":"ann"}"#).await;
    twice.expect_problem(400, "AW1041");
    assert_eq!(desk.opened.load(SeqCst), 0);
    assert_eq!(server.get("GET /opened", "idempotency-key:\r\n").await.json(), 0);
}

#[tokio::test]
async fn without_a_store_a_key_says_nothing() {
    let (server, desk) = start(None).await;
    for _ in 0..2 {
        assert_eq!(open(&server, "k-1", "ann").await.status, 201);
    }
    assert_eq!(desk.opened.load(SeqCst), 2);
}
