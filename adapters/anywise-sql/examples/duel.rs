//! Postgres as a broker against sqlx by hand: the same payloads, commits, windows
//! and acknowledgements, in turns.
//!
//! `cargo run --release -p anywise-sql --example duel [SECONDS]` uses a schema of its
//! own at `ANYWISE_POSTGRES` (`postgres://postgres@127.0.0.1:5432/test` if unset), and
//! prints: events published a second with 1 and with 256 under way, events consumed a
//! second, each as the median ratio of rounds that alternate; and the latency of 8
//! events a second.
//!
//! - Ours publishes with `App::publish`, and consumes with a listener of an
//!   application without a store.
//! - By hand: a queue of 256 in front of one connection, whose task writes what has
//!   come together as one `INSERT` of the bodies alone, and tells those who wait.
//!   Consuming claims 256 rows with `FOR UPDATE SKIP LOCKED` and deletes them, and
//!   waits for a `NOTIFY` where there are none.
//! - `same fields`: by hand, with the columns that ours writes beside the body.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anywise::prelude::*;
use anywise_sql::PostgresBroker;
use anywise_sql::sqlx::postgres::{PgConnectOptions, PgListener};
use anywise_sql::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection, Row as _};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};

/// Events of a round, for each window.
const ROUNDS: [(usize, usize); 2] = [(1, 400), (256, 20_000)];
/// Events of a round of consuming.
const CONSUMED: usize = 20_000;
/// Rows of one statement by hand.
const BATCH: usize = 256;

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

/// Who publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Us,
    Hand,
    SameFields,
}

/// An event for the writer by hand.
struct Row {
    by: By,
    key: String,
    head: String,
    body: Vec<u8>,
    done: oneshot::Sender<()>,
}

/// Everything that a duel is fought with.
struct Field {
    url: String,
    schema: String,
    publisher: App,
    hand: mpsc::Sender<Row>,
    /// Whether a hint follows each statement, as it does with ours.
    hints: Arc<std::sync::atomic::AtomicBool>,
}

impl Field {
    async fn publish(&self, by: By, number: usize, at: u64) {
        let event = event(number, at);
        if by == By::Us {
            return self.publisher.publish(event).await.expect("it is published");
        }
        let body = serde_json::to_vec(&event).expect("it is JSON");
        let mut head = String::new();
        if by == By::SameFields {
            let id = anywise::Uuid::now_v7().to_string();
            let time = anywise::Timestamp::now().to_string();
            head = serde_json::json!({
                "ce-specversion": "1.0", "ce-id": id, "ce-source": "/duel", "ce-type": "shop.Sold", "ce-time": time,
                "ce-partitionkey": event.order, "ce-correlationid": id, "content-type": "application/json",
            })
            .to_string();
        }
        let (done, sent) = oneshot::channel();
        let row = Row { by, key: event.order, head, body, done };
        self.hand.send(row).await.expect("the writer is there");
        sent.await.expect("it is written");
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
        let mut connection = connect(&self.url, &self.schema).await.expect("the server is there");
        let empty = "TRUNCATE hand, same, aw_broker_message, aw_broker_delivery";
        sqlx::raw_sql(empty).execute(&mut connection).await.expect("they are emptied");
    }

    async fn fill(&self, by: By) {
        self.round(by, 256, CONSUMED).await;
    }
}

fn rate(count: usize, began: Instant) -> f64 {
    f64::from(u32::try_from(count).expect("few")) / began.elapsed().as_secs_f64()
}

async fn connect(url: &str, schema: &str) -> sqlx::Result<PgConnection> {
    let options: PgConnectOptions = url.parse()?;
    PgConnection::connect_with(&options.options([("search_path", schema)])).await
}

/// Writes by hand what has come together.
async fn write_by_hand(
    mut connection: PgConnection,
    mut rows: mpsc::Receiver<Row>,
    hints: Arc<std::sync::atomic::AtomicBool>,
) -> sqlx::Result<()> {
    let mut batch = Vec::new();
    while rows.recv_many(&mut batch, BATCH).await > 0 {
        let bodies: Vec<_> = batch.iter().map(|row| row.body.as_slice()).collect();
        let insert = if batch[0].by == By::Hand {
            sqlx::query("INSERT INTO hand (body) SELECT * FROM unnest($1::bytea[])").bind(bodies)
        } else {
            let insert = "INSERT INTO same (grp, name, key, head, body)
                          SELECT 'office', 'shop.Sold', * FROM unnest($2::text[], $3::text[], $1::bytea[])";
            sqlx::query(insert)
                .bind(bodies)
                .bind(batch.iter().map(|row| row.key.as_str()).collect::<Vec<_>>())
                .bind(batch.iter().map(|row| row.head.as_str()).collect::<Vec<_>>())
        };
        insert.execute(&mut connection).await?;
        batch.drain(..).for_each(|row| row.done.send(()).unwrap_or_default());
        if hints.load(Ordering::Relaxed) {
            sqlx::query("NOTIFY duel").execute(&mut connection).await?;
        }
    }
    Ok(())
}

fn transport(url: &str, schema: &str) -> PostgresBroker {
    PostgresBroker::new(url).prefix(schema).accept_weaker_durability()
}

async fn publisher(url: &str, schema: &str) -> App {
    let app = App::builder().name("duel").slices([shop::SLICE]);
    app.transport(transport(url, schema)).build().await.expect("well wired")
}

async fn listener(url: &str, schema: &str, desk: &Arc<Desk>) -> App {
    let app = App::builder().name("duel").slices([office::SLICE]).provide_arc(Arc::clone(desk));
    app.transport(transport(url, schema)).build().await.expect("well wired")
}

/// Consumes by hand for as long as it is let; like ours, the disk is not waited for.
async fn consume_by_hand(by: By, url: String, schema: String, desk: Arc<Desk>) -> sqlx::Result<()> {
    let table = if by == By::Hand { "hand" } else { "same" };
    let mut connection = connect(&url, &schema).await?;
    let quick = "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off";
    sqlx::raw_sql(quick).execute(&mut connection).await?;
    let mut listener = PgListener::connect(&url).await?;
    listener.listen("duel").await?;
    let claim = format!(
        "UPDATE {table} SET taken = now() WHERE id = ANY (ARRAY(SELECT id FROM {table} WHERE taken IS NULL ORDER BY id
         LIMIT {BATCH} FOR UPDATE SKIP LOCKED)) RETURNING id, body"
    );
    let delete = format!("DELETE FROM {table} WHERE id = ANY ($1)");
    loop {
        let rows = sqlx::query(AssertSqlSafe(claim.as_str())).fetch_all(&mut connection).await?;
        if rows.is_empty() {
            drop(tokio::time::timeout(Duration::from_millis(500), listener.recv()).await);
            continue;
        }
        let mut ids = Vec::<i64>::new();
        for row in rows {
            let event: Sold = serde_json::from_slice(row.get(1)).expect("it is an event");
            desk.count(event.at);
            ids.push(row.get(0));
        }
        sqlx::query(AssertSqlSafe(delete.as_str())).bind(ids).execute(&mut connection).await?;
    }
}

/// Something that consumes, ours or by hand.
enum Consuming {
    Us(App),
    Hand(tokio::task::JoinHandle<sqlx::Result<()>>),
}

impl Consuming {
    async fn begin(field: &Field, by: By, desk: &Arc<Desk>) -> Self {
        let (url, schema) = (field.url.clone(), field.schema.clone());
        match by {
            By::Us => Self::Us(listener(&url, &schema, desk).await),
            _ => Self::Hand(tokio::spawn(consume_by_hand(by, url, schema, Arc::clone(desk)))),
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
    let consuming = Consuming::begin(field, by, &desk).await;
    reached.recv().await;
    let rate = rate(CONSUMED, began);
    consuming.end().await;
    rate
}

/// Latencies of 8 events a second, from before they are published.
async fn trickle(field: &Field, by: By, seconds: f64) -> Vec<Duration> {
    let began = Instant::now();
    let (desk, mut reached) = Desk::new(began);
    let consuming = Consuming::begin(field, by, &desk).await;
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

const TABLES: &str = "
CREATE TABLE hand (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL, taken timestamptz);
CREATE TABLE same (grp text NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, key text,
                   head text NOT NULL, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now(), taken timestamptz)";

async fn compare(url: &str, schema: &str, seconds: f64) -> sqlx::Result<()> {
    let mut connection = connect(url, schema).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await?;
    sqlx::raw_sql(TABLES).execute(&mut connection).await?;
    // The group of ours exists before anything is published.
    let (desk, _reached) = Desk::new(Instant::now());
    listener(url, schema, &desk).await.stop(Duration::from_secs(5)).await;
    let (hand, rows) = mpsc::channel(1024);
    let hints = Arc::<std::sync::atomic::AtomicBool>::default();
    let writing = tokio::spawn(write_by_hand(connection, rows, Arc::clone(&hints)));
    let publisher = publisher(url, schema).await;
    let field = Field { publisher, url: url.to_owned(), schema: schema.to_owned(), hand, hints };
    let sides = [By::Us, By::Hand, By::SameFields];
    println!("{:<28} {:>10} {:>12}{:>12}", "", "ours/s", "by hand", "same fields");
    for (window, count) in ROUNDS {
        let name = format!("publish, {window} under way");
        duel(&name, seconds, &sides, async |by| {
            let rate = field.round(by, window, count).await;
            field.clear().await;
            rate
        })
        .await;
    }
    duel("consume", seconds, &sides, async |by| {
        let rate = consume(&field, by).await;
        field.clear().await;
        rate
    })
    .await;
    field.hints.store(true, Ordering::Relaxed);
    let ours = trickle(&field, By::Us, seconds).await;
    let by_hand = trickle(&field, By::Hand, seconds).await;
    let at =
        |all: &[Duration], percent: usize| all.get(all.len() * percent / 100).copied().unwrap_or_default();
    for (name, part) in [("p50", 50), ("p99", 99)] {
        println!("8 a second, {name}: ours {:?}, by hand {:?}", at(&ours, part), at(&by_hand, part));
    }
    field.publisher.stop(Duration::from_secs(5)).await;
    drop(field.hand);
    writing.await.expect("it does not panic")
}

#[tokio::main]
async fn main() -> sqlx::Result<()> {
    let seconds: f64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(6.0);
    let url = std::env::var("ANYWISE_POSTGRES");
    let url = url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
    let schema = format!("duel_{}", std::process::id());
    let size = serde_json::to_vec(&event(7, 0)).map(|body| body.len());
    println!("bodies of {size:?} bytes");
    let compared = compare(&url, &schema, seconds).await;
    let drop = format!("SET client_min_messages = error; DROP SCHEMA IF EXISTS {schema} CASCADE");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connect(&url, &schema).await?).await?;
    compared
}
