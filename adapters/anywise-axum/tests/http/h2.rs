//! HTTP/2 with prior knowledge, under the same limits.

use std::net::SocketAddr;
use std::time::Duration;

use anywise_axum::Limits;
use axum::Router;
use axum::body::Bytes;
use axum::http::{Request, Response, StatusCode};
use axum::routing::{get, post};
use h2::client::SendRequest;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::client::{Server, within};

fn router() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
}

type Driver = JoinHandle<Result<(), h2::Error>>;

async fn connect(address: SocketAddr) -> (SendRequest<Bytes>, Driver) {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (send, connection) = h2::client::handshake(stream).await.expect("a handshake");
    (send, tokio::spawn(connection))
}

async fn ask(
    send: &mut SendRequest<Bytes>,
    request: Request<()>,
    body: Option<&[u8]>,
) -> (Response<()>, Bytes) {
    let (response, mut stream) = send.send_request(request, body.is_none()).expect("a stream to send on");
    if let Some(body) = body {
        stream.send_data(Bytes::copy_from_slice(body), true).expect("a body to send");
    }
    let (head, mut stream) = within(response).await.expect("a response").into_parts();
    let mut body = Vec::new();
    while let Some(data) = within(stream.data()).await {
        body.extend_from_slice(&data.expect("a whole body"));
    }
    (Response::from_parts(head, ()), body.into())
}

fn request(method: &str, uri: &str) -> Request<()> {
    Request::builder().method(method).uri(uri).body(()).expect("a request")
}

fn code(body: &[u8]) -> String {
    let problem: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    problem["code"].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn requests_are_served_and_limits_answered() {
    let server = Server::start(router(), Limits { body_size: 1_000, ..Limits::default() }).await;
    let (mut send, _driver) = connect(server.address).await;
    let (response, body) = ask(&mut send, request("GET", "http://x/"), None).await;
    assert_eq!((response.status(), &body[..]), (StatusCode::OK, b"hello".as_slice()));
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");

    let posted = ask(&mut send, request("POST", "http://x/length"), Some(&[b'x'; 1_000])).await;
    assert_eq!(&posted.1[..], b"1000");
    let (response, body) = ask(&mut send, request("POST", "http://x/length"), Some(&[b'x'; 1_001])).await;
    assert_eq!((response.status().as_u16(), code(&body).as_str()), (413, "AW1018"));

    let long = format!("http://x/{}", "y".repeat(8_192));
    let (response, body) = ask(&mut send, request("GET", &long), None).await;
    assert_eq!((response.status().as_u16(), code(&body).as_str()), (414, "AW1026"));

    let mut two_hosts = request("GET", "http://x/");
    two_hosts.headers_mut().insert("host", "y".parse().expect("a value"));
    let (response, body) = ask(&mut send, two_hosts, None).await;
    assert_eq!((response.status().as_u16(), code(&body).as_str()), (400, "AW1028"));
}

#[tokio::test]
async fn an_idle_connection_is_told_to_go() {
    let idle_time = Duration::from_millis(200);
    let server = Server::start(router(), Limits { idle_time, ..Limits::default() }).await;
    let (mut send, driver) = connect(server.address).await;
    ask(&mut send, request("GET", "http://x/"), None).await;
    within(driver).await.expect("no panic").expect("an orderly goodbye");
}

#[tokio::test]
async fn a_client_that_ignores_the_goodbye_is_cut() {
    let short = Duration::from_millis(200);
    let limits = Limits { idle_time: short, header_time: short, ..Limits::default() };
    let server = Server::start(router(), limits).await;
    let mut client = server.client().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    client.closed().await;
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let server = Server::start(router(), Limits::default()).await;
    let (mut send, driver) = connect(server.address).await;
    let mut resets = 0;
    while let Ok(ready) = within(send.clone().ready()).await {
        send = ready;
        let Ok((_, mut stream)) = send.send_request(request("POST", "http://x/length"), false) else {
            break;
        };
        stream.send_reset(h2::Reason::CANCEL);
        resets += 1;
        assert!(resets < 100_000, "{resets} resets unpunished");
        if resets % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let error = within(driver).await.expect("no panic").expect_err("not an orderly end");
    assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM));
}
