//! The application under torture: a slice that writes down everything it does.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anywise::prelude::*;
use anywise_sql::{Any, Tx, pass_failpoint};
use sqlx::Row as _;

anywise::slice!(pub(crate) SLICE = "torture", "Writes down everything it does.");

anywise_sql::migrations!("torture", [
    "0001_rows" => {
        sqlite: "CREATE TABLE business (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, k TEXT NOT NULL, \
                 seq BIGINT NOT NULL, amount BIGINT NOT NULL);
                 CREATE TABLE effect (n INTEGER PRIMARY KEY AUTOINCREMENT, consumer TEXT NOT NULL, id TEXT NOT NULL, \
                 k TEXT NOT NULL, seq BIGINT NOT NULL, amount BIGINT NOT NULL, node BIGINT NOT NULL, at BIGINT NOT NULL, epoch BIGINT NOT NULL)",
        postgres: "CREATE TABLE business (n BIGINT GENERATED ALWAYS AS IDENTITY, id TEXT NOT NULL, k TEXT NOT NULL, \
                   seq BIGINT NOT NULL, amount BIGINT NOT NULL);
                   CREATE TABLE effect (n BIGINT GENERATED ALWAYS AS IDENTITY, consumer TEXT NOT NULL, id TEXT NOT NULL, \
                   k TEXT NOT NULL, seq BIGINT NOT NULL, amount BIGINT NOT NULL, node BIGINT NOT NULL, at BIGINT NOT NULL, epoch BIGINT NOT NULL)",
    },
    "0002_sums" => "CREATE TABLE counter (k TEXT PRIMARY KEY, seq BIGINT NOT NULL);
                    CREATE TABLE balance (consumer TEXT NOT NULL, k TEXT NOT NULL, n BIGINT NOT NULL, \
                    total BIGINT NOT NULL, PRIMARY KEY (consumer, k));
                    CREATE TABLE ballast (load TEXT NOT NULL)",
]);

/// Write a row, and say so.
#[command]
pub(crate) struct Put {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) amount: i64,
    /// Fails after everything was done.
    pub(crate) refuse: bool,
}

/// A row was written.
#[event(key = key)]
pub(crate) struct Moved {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) seq: i64,
    pub(crate) amount: i64,
}

/// Something was said from outside.
#[event]
pub(crate) struct Poked {
    pub(crate) id: String,
    pub(crate) amount: i64,
}

/// What a listener answers with.
#[command]
pub(crate) struct Echo {
    pub(crate) id: String,
    pub(crate) amount: i64,
}

/// Something for later.
#[command]
pub(crate) struct Late {
    pub(crate) id: String,
    pub(crate) amount: i64,
    /// Unix milliseconds.
    pub(crate) due: i64,
}

/// A schedule fired.
#[command]
pub(crate) struct Beat {
    pub(crate) id: String,
    pub(crate) amount: i64,
}

/// Something that nobody can take.
#[event]
pub(crate) struct Poisoned {
    pub(crate) id: String,
    pub(crate) amount: i64,
}

/// Something that ends the process of whoever takes it.
#[event]
pub(crate) struct Bomb {
    pub(crate) id: String,
}

/// Take up room.
#[command]
pub(crate) struct Ballast {
    pub(crate) kilobytes: i64,
}

/// Give it back.
#[command]
pub(crate) struct Free {}

/// This process.
pub(crate) struct Process {
    pub(crate) node: i64,
    /// Several processes share the store: epochs are noted.
    pub(crate) shared: bool,
    /// Where epochs are noted whose transaction may not be kept.
    pub(crate) epochs: File,
    /// Poison is medicine now.
    pub(crate) cured: AtomicBool,
    /// Where the consumer without a transaction writes.
    pub(crate) loose: File,
    /// Counts what fails at times.
    pub(crate) rolls: AtomicU64,
}

#[handler]
async fn put(cmd: Put, tx: &mut Tx<Any>, events: &mut Events<(Moved,)>) -> Result<()> {
    let next = "INSERT INTO counter (k, seq) VALUES ($1, 1) ON CONFLICT (k) DO UPDATE SET seq = counter.seq + 1 \
                RETURNING seq";
    let row = sqlx::query(next).bind(&cmd.key).fetch_one(&mut *tx).await?;
    let seq: i64 = row.try_get(0)?;
    sqlx::query("INSERT INTO business (id, k, seq, amount) VALUES ($1, $2, $3, $4)")
        .bind(&cmd.id)
        .bind(&cmd.key)
        .bind(seq)
        .bind(cmd.amount)
        .execute(&mut *tx)
        .await?;
    let Put { id, key, amount, refuse } = cmd;
    events.publish(Moved { id, key, seq, amount });
    if refuse {
        return Err(Error::new(Kind::Conflict, "torture.refused", "it was to fail"));
    }
    Ok(())
}

#[listen]
async fn ledger(event: &Moved, tx: &mut Tx<Any>, process: &Process, cx: Context) -> Result<()> {
    effect(tx, process, &cx, "ledger", &event.id, &event.key, event.seq, event.amount).await
}

/// Fails at times, after it has written.
#[listen]
async fn flaky(event: &Moved, tx: &mut Tx<Any>, process: &Process, cx: Context) -> Result<()> {
    effect(tx, process, &cx, "flaky", &event.id, &event.key, event.seq, event.amount).await?;
    if process.rolls.fetch_add(1, Ordering::Relaxed) % 8 == 3 {
        return Err(Error::new(Kind::Unavailable, "torture.flaky", "not this time"));
    }
    Ok(())
}

/// Has no transaction: at least once.
#[listen]
async fn loose(event: &Moved, process: &Process) -> Result<()> {
    let line = format!("{}\n", event.id);
    pass_failpoint("relay.before_publish").await;
    (&process.loose).write_all(line.as_bytes())?;
    pass_failpoint("relay.after_publish").await;
    Ok(())
}

/// Answers with a command.
#[listen]
fn answer(event: &Moved) -> Echo {
    Echo { id: event.id.clone(), amount: event.amount }
}

#[handler]
async fn echo(cmd: Echo, tx: &mut Tx<Any>, process: &Process, cx: Context) -> Result<()> {
    effect(tx, process, &cx, "echo", &cmd.id, "", 0, cmd.amount).await
}

#[listen]
async fn poke(event: &Poked, tx: &mut Tx<Any>, process: &Process, cx: Context) -> Result<()> {
    effect(tx, process, &cx, "poke", &event.id, "", 0, event.amount).await
}

#[handler]
async fn late(cmd: Late, tx: &mut Tx<Any>, process: &Process, cx: Context) -> Result<()> {
    effect(tx, process, &cx, "late", &cmd.id, "", cmd.due, cmd.amount).await
}

#[handler]
async fn beat(cmd: Beat, tx: &mut Tx<Any>, process: &Process, cx: Context) -> Result<()> {
    effect(tx, process, &cx, "beat", &cmd.id, "", 0, cmd.amount).await
}

/// Writes, and fails for ever.
#[listen]
async fn poison(event: &Poisoned, tx: &mut Tx<Any>, process: &Process, cx: Context) -> Result<()> {
    effect(tx, process, &cx, "poison", &event.id, "", 0, event.amount).await?;
    if process.cured.load(Ordering::SeqCst) {
        return Ok(());
    }
    Err(Error::new(Kind::Unavailable, "torture.poison", "nobody can take this"))
}

#[listen]
async fn bomb(_: &Bomb) {
    std::process::abort();
}

#[handler]
async fn fill(cmd: Ballast, tx: &mut Tx<Any>) -> Result<()> {
    let kilobytes = usize::try_from(cmd.kilobytes).unwrap_or_default();
    let load = "x".repeat(1024 * kilobytes);
    sqlx::query("INSERT INTO ballast (load) VALUES ($1)").bind(load).execute(&mut *tx).await?;
    Ok(())
}

#[handler]
async fn free(_: Free, tx: &mut Tx<Any>) -> Result<()> {
    sqlx::query("DELETE FROM ballast").execute(&mut *tx).await?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
/// Writes down an effect: a row that nothing keeps from being there twice, and
/// a balance.
async fn effect(
    tx: &mut Tx<Any>,
    process: &Process,
    cx: &Context,
    consumer: &str,
    id: &str,
    key: &str,
    seq: i64,
    amount: i64,
) -> Result<()> {
    let epoch = epoch(tx, process, cx).await?;
    if epoch > 0 {
        (&process.epochs).write_all(format!("{consumer} {id} {epoch}\n").as_bytes())?;
    }
    pass_failpoint("consumer.in_handler").await;
    sqlx::query("INSERT INTO effect (consumer, id, k, seq, amount, node, at, epoch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(consumer)
        .bind(id)
        .bind(key)
        .bind(seq)
        .bind(amount)
        .bind(process.node)
        .bind(jiff::Timestamp::now().as_millisecond())
        .bind(epoch)
        .execute(&mut *tx)
        .await?;
    let balance = "INSERT INTO balance (consumer, k, n, total) VALUES ($1, $2, 1, $3) \
                   ON CONFLICT (consumer, k) DO UPDATE SET n = balance.n + 1, total = balance.total + excluded.total";
    sqlx::query(balance).bind(consumer).bind(key).bind(amount).execute(&mut *tx).await?;
    Ok(())
}

/// The epoch of the claim at work, as the database knows it.
async fn epoch(tx: &mut Tx<Any>, process: &Process, cx: &Context) -> Result<i64> {
    if !process.shared {
        return Ok(0);
    }
    let query = "SELECT epoch FROM aw_delivery WHERE target = $1 AND CAST(msg_id AS TEXT) = $2";
    let row =
        sqlx::query(query).bind(cx.function()).bind(cx.id().to_string()).fetch_optional(&mut *tx).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get(0))?)
}
