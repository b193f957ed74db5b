//! A server told to stop finishes what it began, as far as time allows.

use std::sync::Arc;
use std::time::Duration;

use anywise_axum::Limits;
use axum::Router;
use axum::routing::get;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::client::{Client, Server, within};

/// A handler that begins at once and ends when it is let.
struct Gate {
    begun: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn new() -> (Self, Router) {
        let (begun, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let gate = Self { begun: Arc::clone(&begun), open: Arc::clone(&open) };
        let handler = move || async move {
            begun.add_permits(1);
            drop(open.acquire().await);
            "done"
        };
        (gate, Router::new().route("/", get(handler)))
    }

    async fn begun(&self) {
        within(self.begun.acquire()).await.expect("never closed").forget();
    }
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn requests_in_flight_finish_and_no_new_ones_begin() {
    let (gate, router) = Gate::new();
    let server = Server::start(router, Limits::default()).await;
    let address = server.address;
    let mut client = server.client().await;
    client.send(GET).await;
    gate.begun().await;
    let mut idle = server.client().await;
    idle.send(GET).await;
    gate.begun().await;
    gate.open.add_permits(1);
    // Either of the two is let through; the other is still at work.
    let stopping = server.tell_to_stop();
    within(async { while TcpStream::connect(address).await.is_ok() {} }).await;
    gate.open.add_permits(1);
    for client in [&mut client, &mut idle] {
        assert_eq!(client.reply().await.body, b"done");
        assert_eq!(client.closed().await, "");
    }
    assert_eq!(within(stopping).await.expect("no panic").cut, 0);
}

#[tokio::test]
async fn idle_connections_close_at_once() {
    let server = Server::start(Router::new(), Limits::default()).await;
    let mut silent = server.client().await;
    let mut used = server.client().await;
    used.send(GET).await;
    used.reply().await;
    assert_eq!(server.stop().await.cut, 0);
    assert_eq!((silent.closed().await, used.closed().await), (String::new(), String::new()));
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_and_counted() {
    let (gate, router) = Gate::new();
    let limits = Limits { drain_time: Duration::from_millis(200), ..Limits::default() };
    let server = Server::start(router, limits).await;
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..3 {
        let mut client = server.client().await;
        client.send(GET).await;
        gate.begun().await;
        clients.push(client);
    }
    assert_eq!(server.stop().await.cut, 3);
    for client in &mut clients {
        assert_eq!(client.closed().await, "");
    }
}
