//! A shop that is served for one test, and as much of HTTP/1.1 as it takes to
//! ask it something.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use anywise::App;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use crate::home::Home;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A shop served by this process on a free port, until it is dropped.
pub(crate) struct Served {
    pub(crate) app: App,
    pub(crate) client: Client,
    _stop: oneshot::Sender<()>,
}

impl Served {
    pub(crate) async fn start(home: &Home) -> Self {
        let app = home.app().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let client = Client::new(listener.local_addr().expect("it is bound"));
        let (stop, stopped) = oneshot::channel::<()>();
        let (served, ingress) = (app.clone(), shop::http(&app, listener, None));
        tokio::spawn(async move { served.serve_until(ingress, async { drop(stopped.await) }).await });
        Self { app, client, _stop: stop }
    }
}

/// Asks one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    address: SocketAddr,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask("PUT", path, Some(body)).await
    }

    /// Asks until the reply's body is as wanted, and returns it.
    pub(crate) async fn eventually(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let body = self.get(path).await.json();
            if wanted(&body) {
                return body;
            }
            assert!(Instant::now() < deadline, "{path} stays {body}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let body = body.map_or_else(String::new, |body| body.to_string());
        let headers = format!("host: {}\r\ncontent-type: application/json\r\n", self.address);
        self.send(&format!("{method} {path}"), &headers, &body).await
    }

    /// Sends a request with these headers, which are whole lines.
    pub(crate) async fn send(&self, line: &str, headers: &str, body: &str) -> Reply {
        let reply = timeout(PATIENCE, self.exchange(line, headers, body)).await;
        reply.expect("the shop answers in time").expect("the shop can be reached")
    }

    /// Asks a shop that may go away in the middle: nothing, if it did.
    pub(crate) async fn attempt(&self, method: &str, path: &str, body: Value) -> Option<Reply> {
        let headers = format!("host: {}\r\ncontent-type: application/json\r\n", self.address);
        timeout(PATIENCE, self.exchange(&format!("{method} {path}"), &headers, &body.to_string()))
            .await
            .expect("the shop answers or goes away")
            .ok()
    }

    async fn exchange(&self, line: &str, headers: &str, body: &str) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(self.address).await?;
        let length = body.len();
        let head =
            format!("{line} HTTP/1.1\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Reply::read(&text).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}

impl Reply {
    /// Nothing, unless it is there to its end.
    fn read(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a reply has a status");
        let header = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header has a name");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let headers: HashMap<_, _> = lines.map(header).collect();
        assert!(!headers.contains_key("transfer-encoding"), "this client reads bodies of known length");
        let whole = headers.get("content-length").is_none_or(|length| *length == body.len().to_string());
        let status = status.parse().expect("a status is a number");
        whole.then(|| Self { status, headers, text: body.to_owned() })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {self:?}"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body of a reply that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }

    /// A problem document (RFC 9457) with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{problem}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].is_string(), "no {member} in {problem}");
        }
        problem
    }
}
