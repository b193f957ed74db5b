//! Every limit is kept, and says so.

use std::time::Duration;

use anywise_axum::Limits;
use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::time::Instant;

use crate::client::{Server, within};

const SHORT: Duration = Duration::from_millis(200);

fn router() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/slow", get(async || tokio::time::sleep(SHORT * 3).await))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
}

async fn server(limits: Limits) -> Server {
    Server::start(router(), limits).await
}

fn post_head(rest: &str) -> String {
    format!("POST /length HTTP/1.1\r\nhost: x\r\n{rest}\r\n\r\n")
}

#[tokio::test]
async fn a_request_within_the_limits_is_served() {
    let server = server(Limits::default()).await;
    let mut client = server.client().await;
    for _ in 0..3 {
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let reply = client.reply().await;
        assert_eq!((reply.status, reply.body.as_slice()), (200, b"hello".as_slice()));
        client.send(post_head("content-length: 5") + "12345").await;
        assert_eq!(client.reply().await.body, b"5");
        client.send(post_head("transfer-encoding: chunked") + "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n").await;
        assert_eq!(client.reply().await.body, b"4");
    }
}

#[tokio::test]
async fn a_head_in_single_bytes_is_read() {
    let server = server(Limits::default()).await;
    let mut client = server.client().await;
    for _ in 0..2 {
        for byte in (post_head("content-length: 3") + "abc").as_bytes() {
            client.send([*byte]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(client.reply().await.body, b"3");
    }
}

#[tokio::test]
async fn a_half_sent_head_is_answered_and_closed() {
    let server = server(Limits { header_time: SHORT, ..Limits::default() }).await;
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nho").await;
    client.reply().await.expect_problem(408, "AW1031");
    assert_eq!(client.closed().await, "");
}

#[tokio::test]
async fn a_dripping_head_gains_no_time() {
    let server = server(Limits { header_time: SHORT, ..Limits::default() }).await;
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.reply().await;
    let start = Instant::now();
    for byte in b"GET / HTTP/1.1\r\nhost: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" {
        client.send([*byte]).await;
        if tokio::time::timeout(SHORT / 10, client.stream.readable()).await.is_ok() {
            break;
        }
    }
    client.reply().await.expect_problem(408, "AW1031");
    assert!(start.elapsed() < SHORT * 4, "closed after {:?}", start.elapsed());
}

#[tokio::test]
async fn a_silent_new_connection_is_closed_without_a_word() {
    let server = server(Limits { header_time: SHORT, ..Limits::default() }).await;
    assert_eq!(server.client().await.closed().await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let server = server(Limits { idle_time: SHORT, ..Limits::default() }).await;
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.reply().await;
    let start = Instant::now();
    assert_eq!(client.closed().await, "");
    assert!(start.elapsed() < SHORT * 4, "closed after {:?}", start.elapsed());
}

#[tokio::test]
async fn a_connection_at_work_is_not_idle() {
    let server = server(Limits { idle_time: SHORT, ..Limits::default() }).await;
    let mut client = server.client().await;
    client.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.reply().await.status, 200);
    let start = Instant::now();
    assert_eq!(client.closed().await, "");
    assert!(start.elapsed() < SHORT * 4, "closed after {:?}", start.elapsed());
}

#[tokio::test]
async fn a_stalled_body_is_answered_and_closed() {
    let server = server(Limits { body_time: SHORT, ..Limits::default() }).await;
    let mut client = server.client().await;
    client.send(post_head("content-length: 10") + "12345").await;
    client.reply().await.expect_problem(408, "AW1031");
    client.closed().await;
}

#[tokio::test]
async fn a_body_below_the_rate_is_too_slow_and_one_above_is_not() {
    let server = server(Limits { body_time: SHORT, body_rate: 1_000, ..Limits::default() }).await;
    for (bytes, status) in [(10, 408), (400, 200)] {
        let mut client = server.client().await;
        let part = "x".repeat(bytes);
        client.send(post_head(&format!("content-length: {}", bytes * 8))).await;
        for _ in 0..8 {
            client.send(&part).await;
            if tokio::time::timeout(SHORT / 3, client.stream.readable()).await.is_ok() {
                break;
            }
        }
        assert_eq!(client.reply().await.status, status, "{bytes} bytes at a time");
    }
}

#[tokio::test]
async fn a_body_announced_too_large_is_not_read() {
    let server = server(Limits::default()).await;
    let mut client = server.client().await;
    client.send(post_head("expect: 100-continue\r\ncontent-length: 1048577")).await;
    let problem = client.reply().await.expect_problem(413, "AW1018");
    assert_eq!(problem["detail"], "the body is larger than 1048576 bytes");
    client.closed().await;
    let body = "x".repeat(1_048_576);
    let reply = server.ask(post_head("content-length: 1048576") + &body).await;
    assert_eq!(reply.body, b"1048576");
}

#[tokio::test]
async fn a_chunked_body_without_end_stops_at_the_limit() {
    let server = server(Limits { body_size: 10_000, ..Limits::default() }).await;
    let mut client = server.client().await;
    client.send(post_head("transfer-encoding: chunked")).await;
    for _ in 0..20 {
        client.send(format!("400\r\n{}\r\n", "x".repeat(1024))).await;
    }
    client.reply().await.expect_problem(413, "AW1018");
    client.closed().await;
}

#[tokio::test]
async fn long_targets_and_large_heads_have_their_own_answers() {
    let server = server(Limits::default()).await;
    for (request, status, code) in [
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(8_192)), 414, "AW1026"),
        (format!("GET /{}", "x".repeat(100_000)), 414, "AW1026"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(16_384)), 431, "AW1027"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{}", "x: y\r\n".repeat(9_000)), 431, "AW1027"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(100)), 431, "AW1027"),
    ] {
        let mut client = server.client().await;
        client.send(&request).await;
        client.reply().await.expect_problem(status, code);
        client.closed().await;
    }
    let fits = format!("GET /{} HTTP/1.1\r\nhost: x\r\n{}\r\n", "x".repeat(8_191), "x: y\r\n".repeat(99));
    server.ask(fits).await.expect_problem(404, "AW1022");
}

#[tokio::test]
async fn a_client_that_takes_no_reply_is_cut() {
    let router = Router::new().route("/", get(async || "x".repeat(20_000_000)));
    let limits = Limits { write_time: SHORT, drain_time: SHORT * 100, ..Limits::default() };
    let server = Server::start(router, limits).await;
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    within(client.stream.readable()).await.expect("the reply begins");
    assert_eq!(server.stop().await.cut, 0, "the connection ended by itself");
}
