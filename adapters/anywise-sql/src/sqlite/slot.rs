//! The write slot: a handler's transaction inside the writer's.
//!
//! The connection is never lent. A session sends its statements here, the writer
//! runs them behind a savepoint and sends back what they yield; meanwhile it
//! serves nobody else. Whatever the handler's future does (goes away, or is not
//! polled any more), the slot is the writer's to take back.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anywise_core::Kind;
use futures_util::StreamExt;
use sqlx::sqlite::{SqliteRow, SqliteStatement};
use sqlx::{Either, Executor, SqlStr, Sqlite, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::error::{Refusal, is_fatal, refusal};
use crate::failpoint::{mutant, point};
use crate::session::Yield;
use crate::sqlite::request::{Ready, Reply};
use crate::sqlite::stats::count;
use crate::sqlite::writer::Writer;
use crate::statement::Statement;

/// Holds longer than this are said.
const LONG: Duration = Duration::from_millis(50);

/// Rows that are sent back at once.
const CHUNK: usize = 64;

/// Virtual machine instructions between two looks at the clock's verdict.
const STEPS: i32 = 4_000;

/// A handler's transaction, as the writer gets it.
pub(super) struct Slot {
    pub(super) function: &'static str,
    pub(super) orders: mpsc::Receiver<Order>,
    /// Why the slot was taken back, for the session.
    pub(super) broken: Arc<OnceLock<Refusal>>,
}

/// What a session orders.
pub(super) enum Order {
    Run(Job),
    Commit { ready: Box<Ready>, staged: Reply<()>, durable: Reply<()> },
}

/// A statement, and where to send what it yields.
pub(super) enum Job {
    Many(Statement<Sqlite>, mpsc::Sender<Vec<Yield<Sqlite>>>),
    Optional(Statement<Sqlite>, oneshot::Sender<sqlx::Result<Option<SqliteRow>>>),
    Prepare(SqlStr, oneshot::Sender<sqlx::Result<SqliteStatement>>),
    Describe(SqlStr, oneshot::Sender<sqlx::Result<sqlx::Describe<Sqlite>>>),
}

impl Slot {
    /// Says that it was not given.
    pub(super) fn refuse(self, why: &Refusal) {
        self.broken.get_or_init(|| why.clone());
    }
}

/// How an order ended.
enum Ended {
    /// The next one, please.
    Order,
    /// The handler is finished with the slot, one way or the other.
    Slot,
}

/// Why the slot is taken back.
enum Taken {
    /// It was held for too long.
    Late,
    /// The whole round is lost.
    Lost(sqlx::Error),
}

impl From<sqlx::Error> for Taken {
    fn from(error: sqlx::Error) -> Self {
        Self::Lost(error)
    }
}

impl Writer {
    /// Serves one handler's statements until it commits, goes away or is late.
    pub(super) async fn lend(&mut self, mut slot: Slot) {
        let began = Instant::now();
        let deadline = began + self.hold_limit;
        let mut open = false;
        let taken = loop {
            let order = match timeout_at(deadline, slot.orders.recv()).await {
                Ok(Some(order)) => order,
                Ok(None) => break self.undo(open).await.err().map(Taken::Lost),
                Err(_) => break Some(Taken::Late),
            };
            if !open {
                count(&self.common.counters.slots);
                if let Err(error) = self.save().await {
                    break Some(Taken::Lost(error));
                }
                open = true;
            }
            match self.obey(order, deadline).await {
                Ok(Ended::Order) => {}
                Ok(Ended::Slot) => break None,
                Err(taken) => break Some(taken),
            }
        };
        if let Some(taken) = taken {
            self.take_back(&slot, taken, open).await;
        }
        self.note_hold(slot.function, began.elapsed());
    }

    async fn undo(&mut self, open: bool) -> sqlx::Result<()> {
        if open { self.unsave().await } else { Ok(()) }
    }

    async fn obey(&mut self, order: Order, deadline: Instant) -> Result<Ended, Taken> {
        match order {
            Order::Run(job) => {
                let ran =
                    timeout_at(deadline, run(&mut self.connection, job)).await.map_err(|_| Taken::Late)?;
                if let Err(fatal) = ran {
                    self.survive(fatal).await?;
                }
                Ok(Ended::Order)
            }
            Order::Commit { ready, staged, durable } => {
                self.stage(*ready, staged, durable).await?;
                Ok(Ended::Slot)
            }
        }
    }

    /// Finds out whether a statement that failed has ended the whole
    /// transaction: SQLite does so when the disk is full, for example.
    async fn survive(&mut self, failed: Failed) -> sqlx::Result<()> {
        if failed.fatal {
            return Err(failed.why.into_sqlx());
        }
        if self.execute("BEGIN").await.is_err() {
            // There is a transaction: it is still ours.
            return Ok(());
        }
        Err(failed.why.into_sqlx())
    }

    /// Writes the framework's rows, and gives the slot on.
    async fn stage(&mut self, mut ready: Ready, staged: Reply<()>, durable: Reply<()>) -> sqlx::Result<()> {
        if mutant("outbox_after_commit") {
            self.append_later(&mut ready);
        }
        let applied = async {
            point("tx.after_business").await?;
            let verdict = self.apply_last(ready).await?;
            point("tx.before_commit").await?;
            if verdict.is_err() {
                self.unsave().await?;
            }
            point("tx.after_commit").await?;
            sqlx::Result::Ok(verdict)
        };
        match applied.await {
            Ok(Ok(())) => {
                drop(staged.send(Ok(())));
                self.answer(durable, Ok(()))
            }
            Ok(Err(why)) => {
                drop(staged.send(Err(why.into_error())));
                Ok(())
            }
            Err(error) => {
                drop(staged.send(Err(refusal(&error).into_error())));
                Err(error)
            }
        }
    }

    /// Takes the slot back by force.
    async fn take_back(&mut self, slot: &Slot, taken: Taken, open: bool) {
        match taken {
            Taken::Late => {
                count(&self.common.counters.revoked);
                let why = late(slot.function, self.hold_limit);
                tracing::error!(function = slot.function, "{why}");
                slot.broken.get_or_init(|| why);
                if let Err(error) = self.interrupt_statement().await {
                    self.lose(&error);
                } else if let Err(error) = self.undo(open).await {
                    // Interrupted in the middle of writing, SQLite gives up all of it.
                    let others = Refusal::new(
                        Kind::Unavailable,
                        "AW7004",
                        format!(
                            "rolled back together with `{}`, which held the write slot for too long",
                            slot.function
                        ),
                    );
                    self.lose(&if is_fatal(&error) { error } else { others.into_sqlx() });
                }
            }
            Taken::Lost(error) => {
                self.lose(&error);
                let why = self.common.failure().unwrap_or_else(|| refusal(&error));
                slot.broken.get_or_init(|| why);
            }
        }
    }

    /// Ends the statement that is running, if there is one.
    async fn interrupt_statement(&mut self) -> sqlx::Result<()> {
        self.interrupt.0.store(true, Ordering::SeqCst);
        let idle = sqlx::Connection::ping(&mut self.connection).await;
        self.interrupt.0.store(false, Ordering::SeqCst);
        idle
    }

    fn note_hold(&self, function: &'static str, held: Duration) {
        if held > LONG {
            count(&self.common.counters.long_holds);
            let held_ms = u64::try_from(held.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(
                function,
                held_ms,
                "held the write slot for long: from its first statement on nobody else can write"
            );
        }
    }
}

/// `AW7011`: the handler had its time.
fn late(function: &str, limit: Duration) -> Refusal {
    let text = format!(
        "`{function}` held the write slot for more than {limit:?} and was rolled back: \
         await what is slow before the first statement"
    );
    Refusal::new(Kind::Timeout, "AW7011", text)
}

/// A statement that failed.
struct Failed {
    why: Refusal,
    fatal: bool,
}

impl From<&sqlx::Error> for Failed {
    fn from(error: &sqlx::Error) -> Self {
        Self { why: refusal(error), fatal: is_fatal(error) }
    }
}

/// Runs one job; what it yields, errors too, goes to the session.
async fn run(connection: &mut SqliteConnection, job: Job) -> Result<(), Failed> {
    match job {
        Job::Many(statement, rows) => many(connection, statement, rows).await,
        Job::Optional(statement, row) => send(row, connection.fetch_optional(statement).await),
        Job::Prepare(sql, reply) => send(reply, connection.prepare(sql).await),
        Job::Describe(sql, reply) => send(reply, connection.describe(sql).await),
    }
}

fn send<T>(to: oneshot::Sender<sqlx::Result<T>>, result: sqlx::Result<T>) -> Result<(), Failed> {
    let ended = result.as_ref().map(drop).map_err(Failed::from);
    drop(to.send(result));
    ended
}

async fn many(
    connection: &mut SqliteConnection,
    statement: Statement<Sqlite>,
    rows: mpsc::Sender<Vec<Yield<Sqlite>>>,
) -> Result<(), Failed> {
    let mut yields = connection.fetch_many(statement);
    let (mut chunk, mut ended) = (Vec::new(), Ok(()));
    while let Some(one) = yields.next().await {
        let last = one.is_err();
        if let Err(error) = &one {
            ended = Err(Failed::from(error));
        }
        let full = matches!(one, Ok(Either::Right(_))) && chunk.len() + 1 >= CHUNK;
        chunk.push(one);
        if last || (full && rows.send(std::mem::take(&mut chunk)).await.is_err()) {
            break;
        }
    }
    if !chunk.is_empty() {
        drop(rows.send(chunk).await);
    }
    ended
}

/// Ends a statement in the middle, from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Makes `connection` look here from time to time.
    pub(super) async fn install(&self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        let interrupt = Arc::clone(&self.0);
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(STEPS, move || !interrupt.load(Ordering::Relaxed));
        Ok(())
    }
}
