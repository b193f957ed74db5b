//! Accepting, turning away and upgrading connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anywise_axum::{Limits, Listener, serve};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::routing::get;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{Client, Server, within};

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// Has no more files to give, a few times before each connection.
struct OutOfFiles {
    inner: TcpListener,
    failed: Arc<AtomicUsize>,
}

impl Listener for OutOfFiles {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        if self.failed.fetch_add(1, Ordering::Relaxed) % 4 < 3 {
            return Err(io::Error::from_raw_os_error(24));
        }
        self.inner.accept().await
    }
}

#[tokio::test]
async fn errors_of_accept_never_end_the_server() {
    let inner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = inner.local_addr().expect("bound");
    let failed = Arc::new(AtomicUsize::new(0));
    let listener = OutOfFiles { inner, failed: Arc::clone(&failed) };
    let server = tokio::spawn(serve(listener, hello(), Limits::default(), std::future::pending()));
    for _ in 0..3 {
        let mut client = Client::connect(address).await;
        client.send(GET).await;
        assert_eq!(client.reply().await.body, b"hello");
    }
    assert!(failed.load(Ordering::Relaxed) >= 12);
    server.abort();
}

#[tokio::test]
async fn a_client_with_too_many_connections_is_told() {
    let limits = Limits { connections_per_client: Some(2), ..Limits::default() };
    let server = Server::start(hello(), limits).await;
    let (mut first, mut second) = (server.client().await, server.client().await);
    for client in [&mut first, &mut second] {
        client.send(GET).await;
        assert_eq!(client.reply().await.status, 200);
    }
    let mut third = server.client().await;
    third.send(GET).await;
    let reply = third.reply().await;
    reply.expect_problem(503, "AW1121");
    assert_eq!(reply.header("retry-after"), Some("1"));
    third.closed().await;

    drop(first);
    within(async {
        while server.ask(GET).await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_upgraded_connection_carries_any_bytes() {
    async fn echo(request: Request) -> Response<Body> {
        tokio::spawn(async {
            let upgraded = hyper::upgrade::on(request).await.expect("upgraded");
            let mut stream = TokioIo::new(upgraded);
            let mut bytes = [0; 3];
            stream.read_exact(&mut bytes).await.expect("three bytes");
            stream.write_all(&bytes).await.expect("written back");
        });
        let response = Response::builder().status(101);
        response
            .header("connection", "upgrade")
            .header("upgrade", "echo")
            .body(Body::empty())
            .expect("a response")
    }
    let server = Server::start(Router::new().route("/", get(echo)), Limits::default()).await;
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await;
    assert_eq!(client.reply().await.status, 101);
    client.send(b"\n\n\0").await;
    assert_eq!(client.closed().await, "\n\n\0");
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_have_a_document() {
    let server = Server::start(hello(), Limits::default()).await;
    server.ask("GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n").await.expect_problem(404, "AW1022");
    let reply = server.ask("PUT / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    reply.expect_problem(405, "AW1023");
    assert_eq!(reply.header("allow"), Some("get,head"));
    let mut client = server.client().await;
    client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let reply = client.reply_to("HEAD").await;
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("5")));
}
