//! Ours against async-nats by hand: the same payloads, confirms, windows and
//! acknowledgements, in turns.
//!
//! `cargo run --release -p anywise-nats --example duel [SECONDS]` starts a server
//! of its own (`ANYWISE_NATS_SERVER`; `.ci/services.d/nats` says where it is) and
//! prints events published a second with 1 and with 256 under way, events
//! consumed a second, each as the median ratio of rounds that alternate; the
//! latency of 8 events a second; and the median time of a request.
//!
//! - Ours publishes with `App::publish`, consumes with a listener of an
//!   application without a store, and asks with `App::send`.
//! - By hand: the body and `Nats-Msg-Id`, and the stream's confirmation; a pull
//!   consumer whose messages are acknowledged one by one, and every last one of
//!   a batch with a confirmation; the client's own requests.
//! - `same headers`: by hand, with the attributes that ours writes.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anywise::prelude::*;
use anywise_nats::Nats;
use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer, stream};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

/// Events of a round, for each window.
const ROUNDS: [(usize, usize); 2] = [(1, 1_000), (256, 20_000)];
/// Events of a round of consuming.
const CONSUMED: usize = 20_000;
/// Requests of a round.
const ASKED: usize = 1_000;

mod shop {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "shop", "Sells.");

    /// 200 bytes as JSON.
    #[event(key = order)]
    #[derive(Clone)]
    pub(super) struct Sold {
        pub(super) order: String,
        pub(super) at: u64,
        pub(super) note: String,
    }

    #[command]
    struct Sell {
        order: String,
    }

    #[handler]
    async fn sell(cmd: Sell, events: &mut Events<(Sold,)>) {
        events.publish(Sold { order: cmd.order, at: 0, note: String::new() });
    }
}

mod office {
    use super::shop::Sold;
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "office", "Counts.");

    #[listen]
    fn count(event: &Sold, desk: &super::Desk) {
        desk.count(event.at);
    }
}

mod till {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "till", "Charges.");

    #[command(reply = Receipt)]
    pub(super) struct Charge {
        pub(super) order: String,
        pub(super) cents: u64,
    }

    #[data]
    pub(super) struct Receipt {
        pub(super) payment: String,
    }

    #[handler]
    #[expect(clippy::unused_async, reason = "handlers are async as a rule")]
    async fn charge(cmd: Charge) -> Receipt {
        Receipt { payment: format!("{}-{}", cmd.order, cmd.cents) }
    }
}

use shop::Sold;
use till::{Charge, Receipt};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the listener, and the consumer by hand, tell of each event.
struct Desk {
    count: AtomicU64,
    goal: AtomicU64,
    reached: mpsc::Sender<()>,
    latencies: std::sync::Mutex<Vec<Duration>>,
    began: Instant,
}

impl Desk {
    fn new() -> (Arc<Self>, mpsc::Receiver<()>) {
        let (reached, goal) = mpsc::channel(1);
        let (count, goals) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
        let latencies = std::sync::Mutex::default();
        (Arc::new(Self { count, goal: goals, reached, latencies, began: Instant::now() }), goal)
    }

    fn count(&self, at: u64) {
        if at > 0 {
            let took = self.began.elapsed().saturating_sub(Duration::from_nanos(at));
            self.latencies.lock().expect("nobody panics").push(took);
        }
        if self.count.fetch_add(1, Ordering::SeqCst) + 1 == self.goal.load(Ordering::SeqCst) {
            let _ = self.reached.try_send(());
        }
    }

    /// Waits until so many have come.
    async fn reaches(&self, goal: usize, reached: &mut mpsc::Receiver<()>) {
        self.goal.store(goal as u64, Ordering::SeqCst);
        if self.count.load(Ordering::SeqCst) < goal as u64 {
            reached.recv().await;
        }
    }
}

fn event(number: usize, at: u64) -> Sold {
    // 200 bytes, whatever the numbers.
    let note = "x".repeat(200 - 64 + 16 - at.to_string().len());
    Sold { order: format!("{number:020}"), at, note }
}

/// A server of our own.
struct Server {
    process: Child,
    folder: PathBuf,
    url: String,
}

impl Server {
    async fn start() -> Result<Self, Failure> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("duel-{port}"));
        let home = std::env::var("HOME")?;
        let usual = format!("{home}/.cache/anywise/nats/2.15.1/bin/nats-server");
        let program = std::env::var("ANYWISE_NATS_SERVER").unwrap_or(usual);
        let process = Command::new(program)
            .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { process, folder, url: format!("nats://127.0.0.1:{port}") };
        while async_nats::connect(&server.url).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Us,
    Hand,
    SameHeaders,
}

const SIDES: [By; 3] = [By::Us, By::Hand, By::SameHeaders];

/// Everything that a duel is fought with.
struct Field {
    url: String,
    publisher: App,
    hand: jetstream::Context,
}

impl Field {
    async fn at(url: &str) -> Result<Self, Failure> {
        let hand = jetstream::new(async_nats::connect(url).await?);
        let config = stream::Config {
            name: "HAND".into(),
            subjects: vec!["hand.>".into()],
            discard: stream::DiscardPolicy::New,
            duplicate_window: Duration::from_secs(120),
            max_age: Duration::from_secs(7 * 24 * 3600),
            ..stream::Config::default()
        };
        let stream = hand.create_stream(config).await?;
        let consumer = consumer::pull::Config {
            durable_name: Some("office".into()),
            max_ack_pending: 512,
            filter_subject: "hand.shop.Sold".into(),
            ..consumer::pull::Config::default()
        };
        stream.create_consumer(consumer).await?;
        let publisher = App::builder().name("duel").slices([shop::SLICE]).transport(nats(url));
        Ok(Self { url: url.to_owned(), publisher: publisher.build().await.expect("well wired"), hand })
    }

    async fn publish(&self, by: By, number: usize, at: u64) {
        let event = event(number, at);
        if by == By::Us {
            return self.publisher.publish(event).await.expect("it is published");
        }
        let (mut headers, id) = (HeaderMap::new(), anywise::Uuid::now_v7().to_string());
        if by == By::SameHeaders {
            for (name, value) in [("ce-specversion", "1.0"), ("ce-source", "/duel"), ("ce-type", "shop.Sold")]
            {
                headers.insert(name, value);
            }
            headers.insert("ce-id", id.as_str());
            headers.insert("ce-time", anywise::Timestamp::now().to_string());
            headers.insert("ce-partitionkey", event.order.as_str());
            headers.insert("ce-correlationid", id.as_str());
            headers.insert("content-type", "application/json");
        }
        headers.insert("Nats-Msg-Id", id);
        let body = serde_json::to_vec(&event).expect("it is JSON");
        let sent = self.hand.publish_with_headers("hand.shop.Sold", headers, body.into()).await;
        sent.expect("it is sent").await.expect("it is confirmed");
    }

    /// Events a second, with so many under way.
    async fn round(&self, by: By, window: usize, count: usize) -> f64 {
        let (mut next, mut under_way) = (0, FuturesUnordered::new());
        let began = Instant::now();
        while next < count || !under_way.is_empty() {
            while next < count && under_way.len() < window {
                under_way.push(self.publish(by, next, 0));
                next += 1;
            }
            under_way.next().await;
        }
        rate(count, began)
    }

    async fn clear(&self) {
        for name in ["HAND", "DUEL"] {
            let stream = self.hand.get_stream(name).await.expect("it is there");
            stream.purge().await.expect("it is emptied");
        }
    }
}

fn rate(count: usize, began: Instant) -> f64 {
    f64::from(u32::try_from(count).expect("few")) / began.elapsed().as_secs_f64()
}

fn nats(url: &str) -> Nats {
    Nats::new(url).prefix("duel")
}

async fn listener(url: &str, desk: &Arc<Desk>) -> App {
    let app = App::builder().name("duel").slices([office::SLICE]).provide_arc(Arc::clone(desk));
    app.transport(nats(url)).build().await.expect("well wired")
}

/// Consumes by hand for as long as it is let.
async fn consume_by_hand(url: String, desk: Arc<Desk>) -> Result<(), Failure> {
    let hand = jetstream::new(async_nats::connect(url).await?);
    let consumer: consumer::PullConsumer = hand.get_stream("HAND").await?.get_consumer("office").await?;
    let messages = consumer.stream().max_messages_per_batch(256).heartbeat(Duration::from_secs(5));
    let mut messages = messages.messages().await?.ready_chunks(256);
    while let Some(chunk) = messages.next().await {
        let last = chunk.len() - 1;
        for (at, message) in chunk.into_iter().enumerate() {
            let message = message?;
            let event: Sold = serde_json::from_slice(&message.payload)?;
            desk.count(event.at);
            if at == last { message.double_ack().await? } else { message.ack().await? }
        }
    }
    Ok(())
}

/// Something that consumes, ours or by hand.
enum Consuming {
    Us(App),
    Hand(tokio::task::JoinHandle<Result<(), Failure>>),
}

impl Consuming {
    async fn begin(by: By, url: &str, desk: &Arc<Desk>) -> Self {
        match by {
            By::Us => Self::Us(listener(url, desk).await),
            _ => Self::Hand(tokio::spawn(consume_by_hand(url.to_owned(), Arc::clone(desk)))),
        }
    }

    async fn end(self) {
        match self {
            Self::Us(app) => drop(app.stop(Duration::from_secs(5)).await),
            Self::Hand(task) => task.abort(),
        }
    }
}

/// Events consumed a second, of those that wait when it begins.
async fn consume(field: &Field, by: By) -> f64 {
    let (desk, mut reached) = Desk::new();
    field.round(by, 256, CONSUMED).await;
    let began = Instant::now();
    let consuming = Consuming::begin(by, &field.url, &desk).await;
    desk.reaches(CONSUMED, &mut reached).await;
    let rate = rate(CONSUMED, began);
    consuming.end().await;
    field.clear().await;
    rate
}

/// Latencies of 8 events a second, from before they are published.
async fn trickle(field: &Field, by: By, seconds: f64) -> Vec<Duration> {
    let (desk, mut reached) = Desk::new();
    let consuming = Consuming::begin(by, &field.url, &desk).await;
    let (mut tick, mut count) = (tokio::time::interval(Duration::from_millis(125)), 0);
    while desk.began.elapsed().as_secs_f64() < seconds {
        tick.tick().await;
        let at = u64::try_from(desk.began.elapsed().as_nanos()).expect("short");
        field.publish(by, count, at).await;
        count += 1;
    }
    desk.reaches(count, &mut reached).await;
    consuming.end().await;
    // The first comes while the consumer still subscribes.
    std::mem::take(&mut *desk.latencies.lock().expect("nobody panics")).split_off(1)
}

/// Both ways to ask, and who answers.
struct Asking {
    here: App,
    there: App,
    hand: async_nats::Client,
    answering: tokio::task::JoinHandle<()>,
}

impl Asking {
    async fn at(url: &str) -> Result<Self, Failure> {
        let there = App::builder().name("duel").slices([till::SLICE]).transport(nats(url));
        let here = App::builder().name("duel").slices([shop::SLICE]).remote(nats(url).remote());
        let (there, here) =
            (there.build().await.expect("well wired"), here.build().await.expect("well wired"));
        let answers = async_nats::connect(url).await?;
        let mut requests = answers.queue_subscribe("by-hand.Charge", "till".into()).await?;
        answers.flush().await?;
        let answering = tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let answers = answers.clone();
                tokio::spawn(async move {
                    let charge: Charge = serde_json::from_slice(&request.payload).expect("it is JSON");
                    let receipt = Receipt { payment: format!("{}-{}", charge.order, charge.cents) };
                    let body = serde_json::to_vec(&receipt).expect("it is JSON");
                    let reply = request.reply.expect("it is a request");
                    answers.publish(reply, body.into()).await.expect("it is sent");
                });
            }
        });
        let asking = Self { here, there, hand: async_nats::connect(url).await?, answering };
        // Both are there when both have answered.
        while asking.here.send(charge(0)).await.is_err() {
            tokio::task::yield_now().await;
        }
        asking.ask(By::Hand, 0).await;
        Ok(asking)
    }

    async fn ask(&self, by: By, number: usize) -> Receipt {
        let charge = charge(number);
        if by == By::Us {
            return self.here.send(charge).await.expect("it is answered");
        }
        let body = serde_json::to_vec(&charge).expect("it is JSON");
        let reply = self.hand.request("by-hand.Charge", body.into()).await.expect("it is answered");
        serde_json::from_slice(&reply.payload).expect("it is JSON")
    }

    /// The median time of a request, as requests a second.
    async fn round(&self, by: By) -> f64 {
        let mut times = Vec::with_capacity(ASKED);
        for number in 0..ASKED {
            let began = Instant::now();
            self.ask(by, number).await;
            times.push(began.elapsed().as_secs_f64());
        }
        1.0 / median(times)
    }
}

fn charge(number: usize) -> Charge {
    Charge { order: format!("{number:020}"), cents: 900 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Rounds of each side in turn, until the time is over.
async fn duel(what: &str, seconds: f64, sides: &[By], mut round: impl AsyncFnMut(By) -> f64) {
    let (mut ours, mut ratios, began) = (Vec::new(), vec![Vec::new(); sides.len()], Instant::now());
    let mut first = 0;
    while ours.len() < 5 || began.elapsed().as_secs_f64() < seconds {
        let mut rates = vec![0.0; sides.len()];
        // Each round begins with another side and goes the other way, so that none
        // is always the warmer, or always behind the same one.
        for step in 0..sides.len() {
            let step = if first % 2 == 0 { step } else { sides.len() - step };
            let at = (first / 2 + step) % sides.len();
            rates[at] = round(sides[at]).await;
        }
        first += 1;
        ours.push(rates[0]);
        ratios.iter_mut().zip(&rates).for_each(|(ratios, rate)| ratios.push(rates[0] / rate));
    }
    let ratios: Vec<_> =
        ratios.into_iter().skip(1).map(|ratios| format!("{:>13.2}", median(ratios))).collect();
    println!("{what:<28} {:>10.0} {}", median(ours), ratios.join(""));
}

fn part(mut all: Vec<Duration>, of_hundred: usize) -> Duration {
    all.sort();
    all[(all.len() * of_hundred / 100).min(all.len() - 1)]
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(8.0);
    let server = Server::start().await?;
    // The group of ours exists before anything is published.
    let (desk, _reached) = Desk::new();
    listener(&server.url, &desk).await.stop(Duration::from_secs(5)).await;
    let field = Field::at(&server.url).await?;
    println!("{:<28} {:>10} {:>13}{:>13}", "", "ours/s", "by hand", "same headers");
    for (window, count) in ROUNDS {
        let name = format!("publish, {window} under way");
        duel(&name, seconds, &SIDES, async |by| {
            let rate = field.round(by, window, count).await;
            field.clear().await;
            rate
        })
        .await;
    }
    duel("consume", seconds, &SIDES, async |by| consume(&field, by).await).await;
    let asking = Asking::at(&server.url).await?;
    duel("request", seconds, &[By::Us, By::Hand], async |by| asking.round(by).await).await;
    asking.there.stop(Duration::from_secs(1)).await;
    asking.answering.abort();
    let (ours, hand) = (trickle(&field, By::Us, seconds).await, trickle(&field, By::Hand, seconds).await);
    for of_hundred in [50, 99] {
        let (ours, hand) = (part(ours.clone(), of_hundred), part(hand.clone(), of_hundred));
        println!("8 a second, p{of_hundred}: ours {ours:?}, by hand {hand:?}");
    }
    Ok(())
}
