//! A server on loopback and a client that sends exactly the bytes it is told.

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use anywise_axum::{Drained, Limits, serve};
use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long a test waits for anything before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running server, which ends with a `T`.
pub(crate) struct Server<T = Drained> {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<T>,
}

/// A server at work.
pub(crate) type Serving<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Resolves when the server is told to stop.
pub(crate) type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Server {
    pub(crate) async fn start(router: Router, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::of(listener, |listener, stopped| Box::pin(serve(listener, router, limits, stopped)))
    }
}

impl<T: Send + 'static> Server<T> {
    pub(crate) fn of(listener: TcpListener, serve: impl FnOnce(TcpListener, Stopped) -> Serving<T>) -> Self {
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, Box::pin(async move { drop(stopped.await) })));
        Self { address, stop, task }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Sends one request on a connection of its own and reads one reply.
    pub(crate) async fn ask(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut client = self.client().await;
        client.send(request).await;
        client.reply().await
    }

    /// Sends one request with a JSON body.
    pub(crate) async fn json(&self, line: &str, body: &str) -> Reply {
        let head = format!("{line} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
        self.ask(format!("{head}content-length: {}\r\n\r\n{body}", body.len())).await
    }

    /// Sends one request without a body; `headers` are whole lines.
    pub(crate) async fn get(&self, line: &str, headers: &str) -> Reply {
        self.ask(format!("{line} HTTP/1.1\r\nhost: x\r\n{headers}\r\n")).await
    }

    /// Tells the server to stop, without waiting for it.
    pub(crate) fn tell_to_stop(self) -> JoinHandle<T> {
        assert!(self.stop.send(()).is_ok(), "still running");
        self.task
    }

    pub(crate) async fn stop(self) -> T {
        within(self.tell_to_stop()).await.expect("the server does not panic")
    }
}

/// Fails the test instead of waiting for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(address)).await.expect("the server listens");
        Self { stream, read: Vec::new() }
    }

    /// Sends; a server that already hung up is not an error here.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within(self.stream.write_all(bytes.as_ref())).await;
    }

    /// Reads one reply with a `Content-Length`, or without a body.
    pub(crate) async fn reply(&mut self) -> Reply {
        self.reply_to("GET").await
    }

    pub(crate) async fn reply_to(&mut self, method: &str) -> Reply {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.more().await, "closed before a reply: {:?}", self.text());
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        self.read.drain(..end);
        let status = head[9..12].parse().expect("a status");
        let mut reply = Reply { status, head, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |text| text.parse().expect("digits"));
        let length = if method == "HEAD" { 0 } else { length };
        while self.read.len() < length {
            assert!(self.more().await, "closed within a body: {:?}", self.text());
        }
        reply.body = self.read.drain(..length).collect();
        reply
    }

    /// Waits until the server hangs up; what it still said.
    pub(crate) async fn closed(&mut self) -> String {
        while self.more().await {}
        self.text()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }

    async fn more(&mut self) -> bool {
        match within(self.stream.read_buf(&mut self.read)).await {
            Ok(bytes) => bytes > 0,
            Err(_) => false,
        }
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// Checks that this is a whole problem document with `status` and `code`.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str) -> serde_json::Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        let problem = self.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(problem[member].is_string(), "no {member} in {problem}");
        }
        problem
    }
}
