//! Requests that servers read in different ways are refused, never guessed.

use anywise_axum::Limits;
use axum::Router;
use axum::routing::any;

use crate::client::Server;

async fn server() -> Server {
    Server::start(Router::new().route("/", any(async || "seen")), Limits::default()).await
}

#[tokio::test]
async fn ambiguous_heads_are_refused_and_the_connection_closed() {
    let server = server().await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a, b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0x3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length:\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\n : y\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\na: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\na: b\rc: d\r\n\r\n",
        "GET / HTTP/1.1\nhost: x\n\n",
        "GET / HTTP/1.1\r\nhost: x\n\r\n",
        "GET  / HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / \r\nhost: x\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.2\r\nhost: x\r\n\r\n",
        "GET / http/1.1\r\nhost: x\r\n\r\n",
        "GET x HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET * HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /<x> HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nhost: x\r\n\r\n",
        "CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n",
        "G\0T / HTTP/1.1\r\nhost: x\r\n\r\n",
        "\x16\x03\x01\x02\n\n",
        "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        let mut client = server.client().await;
        client.send(request).await;
        client.reply().await.expect_problem(400, "AW1028");
        assert_eq!(client.closed().await, "", "after {request:?}");
    }
}

#[tokio::test]
async fn a_broken_chunk_is_refused_and_the_connection_closed() {
    let router = Router::new().route("/", any(async |_: axum::body::Bytes| "seen"));
    let server = Server::start(router, Limits::default()).await;
    for body in ["x\r\n", "1\r\nabc\r\n", "1 \r\na\r\n0\r\n\r\n", "1\na\n0\n\n", "1;\n\r\na\r\n0\r\n\r\n"] {
        let mut client = server.client().await;
        client.send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await;
        client.send(body).await;
        client.reply().await.expect_problem(400, "AW1028");
        assert_eq!(client.closed().await, "", "after {body:?}");
    }
}

#[tokio::test]
async fn requests_before_a_bad_one_are_answered_first_and_none_after_it() {
    let server = server().await;
    let mut client = server.client().await;
    let good = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let body = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";
    client.send(format!("{good}\r\n{body}{good}GET / HTTP/1.1\r\n\r\n{good}")).await;
    for _ in 0..3 {
        assert_eq!(client.reply().await.body, b"seen");
    }
    client.reply().await.expect_problem(400, "AW1028");
    assert_eq!(client.closed().await, "");
}

#[tokio::test]
async fn the_name_of_the_stand_in_opens_nothing() {
    let server = server().await;
    let mut client = server.client().await;
    client.send("ANYWISE-REFUSED / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.reply().await.body, b"seen");
}
