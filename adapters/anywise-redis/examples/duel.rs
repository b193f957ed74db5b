//! Ours against redis-rs by hand: the same payloads, confirms, windows and
//! acknowledgements, in turns.
//!
//! `cargo run --release -p anywise-redis --example duel [SECONDS]` starts a
//! server of its own (`redis-server`, or `ANYWISE_REDIS_SERVER`), once with every
//! write synced and once without a file, and prints for each: events published a
//! second with 1 and with 256 under way, events consumed a second, each as the
//! median ratio of rounds that alternate; and the latency of 8 events a second.
//!
//! - Ours publishes with `App::publish`, and consumes with a listener of an
//!   application without a store.
//! - By hand: `XADD` of the body alone on a multiplexed connection, and
//!   `XREADGROUP` of 256, then `XACK` and `XDEL` of them as one.
//! - `same fields`: by hand, with the attributes that ours writes beside the body.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anywise::prelude::*;
use anywise_redis::Redis;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use tokio::sync::mpsc;

/// Events of a round, for each window.
const ROUNDS: [(usize, usize); 2] = [(1, 400), (256, 20_000)];
/// Events of a round of consuming.
const CONSUMED: usize = 20_000;

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

    /// A slice has a function; nobody calls this one.
    #[query(reply = usize)]
    pub(super) struct CountShops;

    #[handler]
    fn count_shops(_: CountShops) -> usize {
        1
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

use shop::Sold;

/// What the listener, and the consumer by hand, tell of each event.
struct Desk {
    count: AtomicU64,
    goal: AtomicU64,
    reached: mpsc::Sender<()>,
    latencies: std::sync::Mutex<Vec<Duration>>,
    began: Instant,
}

impl Desk {
    fn new(began: Instant) -> (Arc<Self>, mpsc::Receiver<()>) {
        let (reached, goal) = mpsc::channel(1);
        let desk = Self {
            count: AtomicU64::new(0),
            goal: AtomicU64::new(u64::MAX),
            reached,
            latencies: std::sync::Mutex::default(),
            began,
        };
        (Arc::new(desk), goal)
    }

    fn count(&self, at: u64) {
        if at > 0 {
            let took = self.began.elapsed().saturating_sub(Duration::from_nanos(at));
            self.latencies.lock().expect("nobody panics").push(took);
        }
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 == self.goal.load(Ordering::Relaxed) {
            let _ = self.reached.try_send(());
        }
    }

    /// Says when so many more have come.
    fn expect(&self, more: u64) {
        self.goal.store(self.count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
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
    directory: std::path::PathBuf,
    url: String,
}

impl Server {
    async fn start(settings: &[&str]) -> Result<Self, redis::RedisError> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let directory = std::env::temp_dir().join(format!("duel-{port}"));
        std::fs::create_dir_all(&directory)?;
        let program = std::env::var("ANYWISE_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let process = Command::new(program)
            .args([
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--auto-aof-rewrite-percentage",
                "0",
                "--dir",
                &directory.to_string_lossy(),
            ])
            .args(settings)
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { process, directory, url: format!("redis://127.0.0.1:{port}") };
        while connect(&server.url).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

async fn connect(url: &str) -> redis::RedisResult<MultiplexedConnection> {
    // The default gives up after half a second, which a busy disk can take.
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
    redis::Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await
}

/// Who publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Us,
    Hand,
    SameFields,
}

/// Everything that a duel is fought with.
struct Field {
    url: String,
    publisher: App,
    hand: MultiplexedConnection,
}

impl Field {
    async fn publish(&self, by: By, number: usize, at: u64) {
        let event = event(number, at);
        if by == By::Us {
            return self.publisher.publish(event).await.expect("it is published");
        }
        let body = serde_json::to_vec(&event).expect("it is JSON");
        let mut add = redis::cmd("XADD");
        add.arg("hand").arg("*");
        if by == By::SameFields {
            let id = anywise::Uuid::now_v7().to_string();
            add.arg(&["ce-specversion", "1.0", "ce-id", &id, "ce-source", "/duel", "ce-type", "shop.Sold"]);
            add.arg(&["ce-time", &anywise::Timestamp::now().to_string(), "ce-partitionkey", &event.order]);
            add.arg(&["ce-correlationid", &id, "content-type", "application/json"]);
        }
        add.arg("data").arg(body);
        let mut connection = self.hand.clone();
        add.query_async::<()>(&mut connection).await.expect("it is added");
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
        let mut connection = self.hand.clone();
        for stream in ["hand", "duel:group:office"] {
            let mut trim = redis::cmd("XTRIM");
            trim.arg(stream).arg("MAXLEN").arg(0);
            trim.query_async::<()>(&mut connection).await.expect("it is emptied");
        }
    }

    async fn fill(&self, by: By) {
        self.round(by, 256, CONSUMED).await;
    }
}

fn rate(count: usize, began: Instant) -> f64 {
    f64::from(u32::try_from(count).expect("few")) / began.elapsed().as_secs_f64()
}

fn transport(url: &str) -> Redis {
    Redis::new(url).prefix("duel").accept_weaker_durability()
}

async fn publisher(url: &str) -> App {
    App::builder()
        .name("duel")
        .slices([shop::SLICE])
        .transport(transport(url))
        .build()
        .await
        .expect("well wired")
}

async fn listener(url: &str, desk: &Arc<Desk>) -> App {
    let app = App::builder().name("duel").slices([office::SLICE]).provide_arc(Arc::clone(desk));
    app.transport(transport(url)).build().await.expect("well wired")
}

/// Consumes by hand for as long as it is let.
async fn consume_by_hand(url: String, desk: Arc<Desk>) -> redis::RedisResult<()> {
    let mut connection = connect(&url).await?;
    loop {
        let mut read = redis::cmd("XREADGROUP");
        read.arg(&["GROUP", "hand", "c", "COUNT", "256", "BLOCK", "500", "STREAMS", "hand", ">"]);
        let reply: Option<redis::streams::StreamReadReply> = read.query_async(&mut connection).await?;
        let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids);
        let mut ids = Vec::new();
        for entry in entries {
            let body: Vec<u8> = entry.get("data").expect("it was added with it");
            let event: Sold = serde_json::from_slice(&body).expect("it is an event");
            desk.count(event.at);
            ids.push(entry.id);
        }
        if !ids.is_empty() {
            let mut settle = redis::pipe();
            settle.atomic().cmd("XACK").arg("hand").arg("hand").arg(&ids).cmd("XDEL").arg("hand").arg(&ids);
            settle.exec_async(&mut connection).await?;
        }
    }
}

/// Something that consumes, ours or by hand.
enum Consuming {
    Us(App),
    Hand(tokio::task::JoinHandle<redis::RedisResult<()>>),
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
    let (desk, mut reached) = Desk::new(Instant::now());
    field.fill(by).await;
    desk.expect(CONSUMED as u64);
    let began = Instant::now();
    let consuming = Consuming::begin(by, &field.url, &desk).await;
    reached.recv().await;
    let rate = rate(CONSUMED, began);
    consuming.end().await;
    rate
}

/// Latencies of 8 events a second, from before they are published.
async fn trickle(field: &Field, by: By, seconds: f64) -> Vec<Duration> {
    let began = Instant::now();
    let (desk, mut reached) = Desk::new(began);
    let consuming = Consuming::begin(by, &field.url, &desk).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut tick = tokio::time::interval(Duration::from_millis(125));
    let mut count = 0;
    desk.expect(u64::MAX / 2);
    while began.elapsed().as_secs_f64() < seconds {
        tick.tick().await;
        let at = u64::try_from(began.elapsed().as_nanos()).expect("short");
        field.publish(by, count, at).await;
        count += 1;
    }
    desk.goal.store(count as u64, Ordering::Relaxed);
    if desk.count.load(Ordering::Relaxed) < count as u64 {
        reached.recv().await;
    }
    consuming.end().await;
    let mut latencies = std::mem::take(&mut *desk.latencies.lock().expect("nobody panics"));
    latencies.sort();
    latencies
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Rounds of each side in turn, until the time is over.
async fn duel(what: &str, seconds: f64, sides: &[By], mut round: impl AsyncFnMut(By) -> f64) {
    let (mut ours, mut ratios, began) = (Vec::new(), vec![Vec::new(); sides.len()], Instant::now());
    let mut first = 0;
    while ours.len() < 3 || began.elapsed().as_secs_f64() < seconds {
        let mut rates = vec![0.0; sides.len()];
        // Each round begins with another side and goes the other way, so that none is
        // always the warmer, or always behind the same one.
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
        ratios.into_iter().skip(1).map(|ratios| format!("{:>12.2}", median(ratios))).collect();
    println!("{what:<28} {:>10.0} {}", median(ours), ratios.join(""));
}

async fn compare(what: &str, settings: &[&str], seconds: f64) -> Result<(), redis::RedisError> {
    let server = Server::start(settings).await?;
    let url = server.url.clone();
    let mut hand = connect(&url).await?;
    redis::cmd("XGROUP")
        .arg(&["CREATE", "hand", "hand", "0", "MKSTREAM"])
        .query_async::<()>(&mut hand)
        .await?;
    // The group of ours exists before anything is published.
    let (desk, _reached) = Desk::new(Instant::now());
    listener(&url, &desk).await.stop(Duration::from_secs(5)).await;
    let field = Field { publisher: publisher(&url).await, url, hand };
    println!("\n{what:<28} {:>10} {:>12}{:>12}", "ours/s", "by hand", "same fields");
    for (window, count) in ROUNDS {
        let name = format!("publish, {window} under way");
        duel(&name, seconds, &[By::Us, By::Hand, By::SameFields], async |by| {
            let rate = field.round(by, window, count).await;
            field.clear().await;
            rate
        })
        .await;
    }
    duel("consume", seconds, &[By::Us, By::Hand, By::SameFields], async |by| {
        let rate = consume(&field, by).await;
        field.clear().await;
        rate
    })
    .await;
    let ours = trickle(&field, By::Us, seconds).await;
    let by_hand = trickle(&field, By::Hand, seconds).await;
    let at =
        |all: &[Duration], percent: usize| all.get(all.len() * percent / 100).copied().unwrap_or_default();
    for (name, part) in [("p50", 50), ("p99", 99)] {
        println!("8 a second, {name}: ours {:?}, by hand {:?}", at(&ours, part), at(&by_hand, part));
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), redis::RedisError> {
    let seconds: f64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(6.0);
    let size = serde_json::to_vec(&event(7, 0)).map(|body| body.len());
    println!("bodies of {size:?} bytes");
    compare("every write synced", &["--appendonly", "yes", "--appendfsync", "always"], seconds).await?;
    compare("without a file", &[], seconds).await
}
