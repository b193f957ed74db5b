//! What the store costs beside the same rows written by hand through the same
//! client, in one run on one disk.
//!
//! `cargo run --release -p anywise-sql --example measure [backlog rows]`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anywise_core::{Batch, Claim, Delivery, Envelope, Outcome, Result, Settlement, Store, Want};
use anywise_sql::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use anywise_sql::sqlx::{self, AssertSqlSafe, ConnectOptions, SqliteConnection};
use anywise_sql::{Sqlite, SqliteStore};
use tokio::task::JoinSet;

const CALLERS: usize = 64;
const LASTS: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("anywise-measure-{}", std::process::id()));
    let store = Arc::new(Sqlite::open(folder.join("store.db")).await?);
    drop(Sqlite::open(folder.join("hand.db")).await?.close().await);
    let mut hand = by_hand(&folder.join("hand.db")).await?;
    for round in 1..=3 {
        println!("round {round}");
        let bare = many_by_hand(&mut hand).await?;
        let ours = many(&store).await;
        println!(
            "  publish, 64 callers: {ours:.0}/s; batched by hand: {bare:.0}/s; ratio {:.2}",
            ours / bare
        );
        let bare = alone_by_hand(&mut hand).await?;
        let ours = alone(&store).await?;
        println!("  publish, alone, p50: {ours:?}; one commit by hand: {bare:?}");
    }
    println!("  {:?}", store.stats());
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    backlog(&store, rows).await?;
    store.close().await?;
    drop(std::fs::remove_dir_all(folder));
    Ok(())
}

fn delivery() -> Delivery {
    Delivery::new(
        "shop::listener",
        Envelope::json("shop.OrderPlaced", r#"{"order_id":"o-123456","cents":12345,"customer":"somebody"}"#),
    )
}

fn batch(rows: usize) -> Batch {
    let mut batch = Batch::default();
    batch.append.extend((0..rows).map(|_| delivery()));
    batch
}

async fn many(store: &Arc<SqliteStore>) -> f64 {
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let store = Arc::clone(store);
        callers.spawn(async move {
            let mut done = 0_u32;
            while began.elapsed() < LASTS {
                store.commit(batch(1)).await.expect("it is kept");
                done += 1;
            }
            done
        });
    }
    let done: u32 = callers.join_all().await.into_iter().sum();
    f64::from(done) / began.elapsed().as_secs_f64()
}

async fn alone(store: &SqliteStore) -> Result<Duration> {
    let mut took = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        store.commit(batch(1)).await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took[100])
}

async fn by_hand(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-32768")
        .disable_statement_logging();
    Ok(options.connect().await?)
}

async fn insert(hand: &mut SqliteConnection, rows: usize) -> Result<()> {
    let row = "(0, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = vec![row; rows].join(", ");
    let sql = format!(
        "INSERT INTO aw_delivery (state, due, crc, created, msg_id, target, key, name, head, body) VALUES {values} \
         ON CONFLICT (msg_id, target) DO NOTHING"
    );
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *hand).await?;
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for _ in 0..rows {
        let Delivery { target, envelope, .. } = delivery();
        let now = envelope.time.as_millisecond();
        query = query.bind(now).bind(7_i64).bind(now).bind(envelope.id.as_bytes().to_vec()).bind(target);
        let head = envelope.stored_head();
        query = query.bind(None::<String>).bind(envelope.name).bind(head).bind(envelope.body.to_vec());
    }
    query.execute(&mut *hand).await?;
    sqlx::query("COMMIT").execute(&mut *hand).await?;
    Ok(())
}

async fn many_by_hand(hand: &mut SqliteConnection) -> Result<f64> {
    let (began, mut done) = (Instant::now(), 0_u32);
    while began.elapsed() < LASTS {
        insert(hand, CALLERS).await?;
        done += 64;
    }
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}

async fn alone_by_hand(hand: &mut SqliteConnection) -> Result<Duration> {
    let mut took = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        insert(hand, 1).await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took[100])
}

async fn backlog(store: &Arc<SqliteStore>, rows: usize) -> Result<()> {
    let began = Instant::now();
    for _ in 0..rows / 1_000 {
        store.commit(batch(1_000)).await?;
    }
    println!("backlog: {rows} rows in {:?}", began.elapsed());
    let began = Instant::now();
    let depth = store.depth().await?;
    println!("  depth {} in {:?}", depth[0].ready, began.elapsed());
    let (mut left, mut tenth) = (depth[0].ready, Vec::new());
    let size = (left / 10).max(1);
    let mut mark = Instant::now();
    while left > 0 {
        let wants = [Want { target: "shop::listener".into(), most: 256 }];
        let claimed = store.claim(&wants, false).await?.claimed;
        let before = left / size;
        left -= claimed.len() as u64;
        let mut settling = JoinSet::new();
        for claim in claimed.into_iter().map(|one| one.claim) {
            settling.spawn(done(Arc::clone(store), claim));
        }
        settling.join_all().await;
        if left / size != before {
            tenth.push(size as f64 / mark.elapsed().as_secs_f64());
            mark = Instant::now();
        }
    }
    let tenth: Vec<_> = tenth.iter().map(|rate| format!("{rate:.0}")).collect();
    println!("  claimed and done, rows/s by tenths: {}", tenth.join(" "));
    Ok(())
}

async fn done(store: Arc<SqliteStore>, claim: Claim) {
    assert!(store.settle(Settlement::new(claim, Outcome::Done(None))).await.expect("it is settled"));
}
