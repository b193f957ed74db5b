//! Ours against hand-written axum: the same endpoints, the same limits, in turns.
//!
//! `cargo run --release -p anywise-axum --example duel [SECONDS]` prints, for
//! each endpoint, the throughput through messages by that of hand-written axum
//! handlers: the median ratio of rounds that alternate between the servers.
//!
//! - `by hand`: handlers under [`serve`], limits on, that a client's hanging up
//!   stops half way.
//! - `in a task`: the same in a task of their own, so that they run to their end
//!   as a message's handler does. This is the one that does the same.
//! - `no limits`: `by hand` under axum's own server, which has no limits.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anywise::prelude::*;
use anywise_axum::{Limits, serve};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_millis(100);

/// Charge a customer for an order.
#[command(reply = Receipt, http("POST /payments", status = 201, location = "/payments/{payment_id}"))]
struct CreatePayment {
    order_id: String,
    amount_cents: u64,
    card: String,
}

#[data]
struct Receipt {
    payment_id: String,
    status: String,
}

fn receipt(order: &str, cents: u64, card: &str) -> Receipt {
    Receipt { payment_id: format!("{order}-{cents}"), status: card.to_owned() }
}

#[handler]
#[expect(clippy::unused_async, reason = "handlers are async as a rule")]
async fn create_payment(cmd: CreatePayment) -> Receipt {
    receipt(&cmd.order_id, cmd.amount_cents, &cmd.card)
}

#[query(reply = Receipt, http = "GET /payments/{payment_id}")]
struct GetPayment {
    payment_id: String,
}

#[handler]
#[expect(clippy::unused_async, reason = "handlers are async as a rule")]
async fn get_payment(query: GetPayment) -> Receipt {
    receipt(&query.payment_id, 900, "tok_visa")
}

/// What one writes without anywise.
fn by_hand(in_a_task: bool) -> Router {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        order_id: String,
        amount_cents: u64,
        card: String,
    }
    #[derive(Serialize)]
    struct Reply {
        payment_id: String,
        status: String,
    }
    fn reply(order: &str, cents: u64, card: &str) -> Reply {
        let Receipt { payment_id, status } = receipt(order, cents, card);
        Reply { payment_id, status }
    }
    async fn create(
        Json(body): Json<Body>,
    ) -> (StatusCode, [(axum::http::HeaderName, String); 1], Json<Reply>) {
        let reply = reply(&body.order_id, body.amount_cents, &body.card);
        let location = format!("/payments/{}", reply.payment_id);
        (StatusCode::CREATED, [(LOCATION, location)], Json(reply))
    }
    async fn show(Path(id): Path<String>) -> Json<Reply> {
        Json(reply(&id, 900, "tok_visa"))
    }
    if in_a_task {
        let create = async |body| tokio::spawn(create(body)).await.expect("no panic");
        let show = async |path| tokio::spawn(show(path)).await.expect("no panic");
        return Router::new().route("/payments", post(create)).route("/payments/{id}", get(show));
    }
    Router::new().route("/payments", post(create)).route("/payments/{id}", get(show))
}

/// A client that keeps its connection.
struct Client {
    stream: TcpStream,
    /// How long a reply is: the same each time.
    length: usize,
}

impl Client {
    async fn connect(address: SocketAddr, request: &[u8]) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(request).await?;
        let mut reply = Vec::new();
        loop {
            stream.read_buf(&mut reply).await?;
            let text = String::from_utf8_lossy(&reply).to_ascii_lowercase();
            let Some(head) = text.find("\r\n\r\n") else { continue };
            assert!(text.starts_with("http/1.1 20"), "{text}");
            let body = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            let length = head + 4 + body.map_or(0, |digits| digits.parse().expect("digits"));
            if reply.len() >= length {
                return Ok(Self { stream, length });
            }
        }
    }

    async fn run(&mut self, request: &[u8], until: Instant) -> std::io::Result<u32> {
        let (mut count, mut reply) = (0, vec![0; self.length]);
        while Instant::now() < until {
            self.stream.write_all(request).await?;
            self.stream.read_exact(&mut reply).await?;
            assert!(reply.starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(&reply));
            count += 1;
        }
        Ok(count)
    }
}

/// One server's clients.
struct Side(Vec<Client>);

impl Side {
    async fn connect(address: SocketAddr, request: &[u8]) -> std::io::Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(Client::connect(address, request).await?);
        }
        Ok(Self(clients))
    }

    /// Requests a second over all connections.
    async fn round(&mut self, request: &'static [u8]) -> std::io::Result<f64> {
        let began = Instant::now();
        let mut runs = JoinSet::new();
        for mut client in self.0.drain(..) {
            runs.spawn(async move {
                let count = client.run(request, began + ROUND).await;
                (client, count)
            });
        }
        let mut total = 0;
        while let Some(run) = runs.join_next().await {
            let (client, count) = run.expect("no panic");
            total += count?;
            self.0.push(client);
        }
        Ok(f64::from(total) / began.elapsed().as_secs_f64())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn duel(
    name: &str,
    request: &'static [u8],
    sides: [SocketAddr; 4],
    rounds: usize,
) -> std::io::Result<()> {
    let mut all = Vec::new();
    for side in sides {
        all.push(Side::connect(side, request).await?);
    }
    let (mut speeds, mut ratios) = (Vec::new(), [const { Vec::new() }; 3]);
    for round in 0..=rounds {
        let mut speed = [0.0; 4];
        // Each round begins with another side, so that none is always the warmer.
        for at in (0..4).map(|at| (at + round) % 4) {
            speed[at] = all[at].round(request).await?;
        }
        if round > 0 {
            speeds.push(speed[0]);
            ratios.iter_mut().zip(&speed[1..]).for_each(|(ratios, other)| ratios.push(speed[0] / other));
        }
    }
    let [hand, task, bare] = ratios.map(median);
    println!("{name:<20} {:>8.0} {hand:>10.3} {task:>10.3} {bare:>10.3}", median(speeds));
    Ok(())
}

async fn listener() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

const POST: &[u8] = b"POST /payments HTTP/1.1\r\nhost: 127.0.0.1:3000\r\nuser-agent: duel\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: 88\r\n\r\n{\"order_id\":\"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\",\"amount_cents\":900,\"card\":\"tok_visa\"}";
const GET: &[u8] = b"GET /payments/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b HTTP/1.1\r\nhost: 127.0.0.1:3000\r\nuser-agent: duel\r\naccept: */*\r\n\r\n";

async fn serve_all() -> std::io::Result<[SocketAddr; 4]> {
    let app = App::builder().name("duel").build().await.expect("well wired");
    let (ours, to_ours) = listener().await?;
    let (hand, to_hand) = listener().await?;
    let (task, to_task) = listener().await?;
    let (bare, to_bare) = listener().await?;
    let forever = std::future::pending::<()>;
    let router = anywise_axum::router(&app);
    tokio::spawn(serve(ours, router, Limits::default(), forever()));
    tokio::spawn(serve(hand, by_hand(false), Limits::default(), forever()));
    tokio::spawn(serve(task, by_hand(true), Limits::default(), forever()));
    tokio::spawn(async move { axum::serve(bare, by_hand(false)).await });
    Ok([to_ours, to_hand, to_task, to_bare])
}

fn main() -> std::io::Result<()> {
    let seconds: f64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(6.0);
    // Two endpoints, four servers each.
    let rounds = (1..1_000_u16).find(|rounds| f64::from(*rounds) * ROUND.as_secs_f64() * 8.0 >= seconds);
    let rounds = usize::from(rounds.unwrap_or(1_000));
    // Servers on one thread, clients on another: what is measured is a core's worth.
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let sides = server.block_on(serve_all())?;
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    client.block_on(async {
        println!(
            "{:<20} {:>8} {:>10} {:>10} {:>10}",
            "endpoint", "req/s", "by hand", "in a task", "no limits"
        );
        duel("POST /payments", POST, sides, rounds).await?;
        duel("GET /payments/{id}", GET, sides, rounds).await
    })
}
