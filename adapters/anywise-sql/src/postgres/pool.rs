//! Connections that are known to be clean.
//!
//! A connection comes back only from what saw its transaction end; every other
//! one is closed. So nothing of one caller's transaction is ever found by the
//! next. One that was not used for a while is asked whether it is still there;
//! if it is not, the server was gone, and the others are not trusted either.
//!
//! Each knows in which [`Life`] of the server it was opened.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use anywise_core::Kind;
use sqlx_core::transaction::TransactionManager;
use sqlx_postgres::PgTransactionManager;

use crate::error::Refusal;

/// No connection is used for longer.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A connection that was used since then is not asked whether it is there.
const FRESH: Duration = Duration::from_secs(1);

/// A bounded number of clean connections.
#[derive(Debug)]
pub(super) struct Connections {
    pool: PgPool,
    idle: Mutex<Vec<Idle>>,
    room: Arc<Semaphore>,
    patience: Duration,
    /// Whether commits wait for the disk.
    commits: Commits,
}

/// Whether commits wait for the disk.
#[derive(Debug)]
enum Commits {
    Durable,
    /// They do not, in the life of the server that was found first. What ends the
    /// server each time would otherwise never be counted.
    Passing(OnceLock<Option<Life>>),
}

/// The time of a server from one recovery to the next. A crash ends it, and every
/// connection with it. In the next one the numbers of transactions that were
/// not written down before the crash are given again, so a number says nothing
/// without the life it is of.
///
/// It is known by the time at which the statistics were last reset, which a
/// recovery does (PostgreSQL, "The Cumulative Statistics System"), and a standby
/// has its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Life(String);

const LIFE: &str = "SELECT stats_reset::text FROM pg_stat_bgwriter";

#[derive(Debug)]
struct Idle {
    connection: PoolConnection<sqlx::Postgres>,
    /// None if the server does not say.
    life: Option<Life>,
    since: Instant,
    used: Instant,
}

/// One of them. Dropped, it is closed.
pub(super) struct Connection {
    idle: Option<Idle>,
    home: Arc<Connections>,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    /// At most `most` of them; none is opened before it is asked for.
    pub(super) fn new(options: PgConnectOptions, most: u32, patience: Duration) -> Arc<Self> {
        Self::with(options, most, patience, Commits::Durable)
    }

    /// The same, for what need not outlive the server: commits do not wait for the
    /// disk, until the server has crashed once.
    pub(super) fn passing(options: PgConnectOptions, most: u32, patience: Duration) -> Arc<Self> {
        Self::with(options, most, patience, Commits::Passing(OnceLock::new()))
    }

    fn with(options: PgConnectOptions, most: u32, patience: Duration, commits: Commits) -> Arc<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(patience)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Arc::new(Self {
            pool,
            idle: Mutex::default(),
            room: Arc::new(Semaphore::new(most as usize)),
            patience,
            commits,
        })
    }

    /// One that is free, or becomes so in time.
    ///
    /// # Errors
    /// `AW7013`: all are in use; or that the database cannot be reached.
    pub(super) async fn get(self: &Arc<Self>) -> sqlx::Result<Connection> {
        let room = Arc::clone(&self.room).acquire_owned();
        let place = match tokio::time::timeout(self.patience, room).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(sqlx::Error::PoolClosed),
            Err(_) => return Err(all_busy()),
        };
        let idle = match self.take().await {
            Some(idle) => idle,
            None => self.open().await?,
        };
        Ok(Connection { idle: Some(idle), home: Arc::clone(self), _place: place })
    }

    async fn open(&self) -> sqlx::Result<Idle> {
        let mut connection = self.pool.acquire().await.map_err(unreachable)?;
        match self.greet(&mut connection).await {
            Ok(life) => Ok(Idle { connection, life, since: Instant::now(), used: Instant::now() }),
            Err(error) => {
                close(connection);
                Err(error)
            }
        }
    }

    /// The first words on a connection.
    async fn greet(&self, connection: &mut PgConnection) -> sqlx::Result<Option<Life>> {
        let life = sqlx::query_scalar::<_, Option<String>>(LIFE).fetch_one(&mut *connection).await?.map(Life);
        if let Commits::Passing(first) = &self.commits
            && *first.get_or_init(|| life.clone()) == life
        {
            sqlx::raw_sql("SET synchronous_commit = off").execute(connection).await?;
        }
        Ok(life)
    }

    /// Closes them; those in use when they come back.
    pub(super) async fn close(&self) {
        self.room.close();
        self.distrust();
        self.pool.close().await;
    }

    /// The one that was used last, if it is still there.
    async fn take(&self) -> Option<Idle> {
        let mut idle = self.lock().pop()?;
        if idle.is_there(self.patience).await {
            return Some(idle);
        }
        self.distrust();
        close(idle.connection);
        None
    }

    /// Closes those that wait: the server was gone.
    pub(super) fn distrust(&self) {
        let gone = std::mem::take(&mut *self.lock());
        for idle in gone {
            close(idle.connection);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    async fn is_there(&mut self, patience: Duration) -> bool {
        let asked = async { tokio::time::timeout(patience, self.connection.ping()).await };
        self.used.elapsed() < FRESH || matches!(asked.await, Ok(Ok(())))
    }
}

impl Connection {
    /// To run statements on.
    pub(super) fn raw(&mut self) -> &mut PgConnection {
        &mut self.idle.as_mut().expect("it is there until it is dropped").connection
    }

    /// The life of the server it was opened in, which is over when it is lost to a crash.
    pub(super) fn life(&self) -> Option<&Life> {
        self.idle.as_ref().and_then(|idle| idle.life.as_ref())
    }

    /// Gives it back; it is in no transaction, and nothing of it is unread.
    pub(super) fn put_back(mut self) {
        let Some(mut idle) = self.idle.take() else { return };
        idle.used = Instant::now();
        if idle.since.elapsed() < LIFETIME && !self.home.pool.is_closed() {
            self.home.lock().push(idle);
        } else {
            close(idle.connection);
        }
    }

    /// Gives it back if the statement was answered at all.
    pub(super) fn put_back_after<T>(self, result: &sqlx::Result<T>) {
        if result.as_ref().err().is_none_or(is_answer) {
            self.put_back();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(idle) = self.idle.take() {
            close(idle.connection);
        }
    }
}

fn close(mut connection: PoolConnection<sqlx::Postgres>) {
    if tokio::runtime::Handle::try_current().is_ok() {
        connection.close_on_drop();
    } else {
        // The runtime is gone: the socket is closed, and the server finds out.
        drop(connection.detach());
    }
}

/// Connections for queries, which begin no transaction.
pub(super) fn readers(options: PgConnectOptions, most: u32, patience: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(patience)
        .max_lifetime(LIFETIME)
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(is_clean(connection)))
        .connect_lazy_with(options)
}

/// Ends whatever transaction somebody left open. A `BEGIN` first, because the
/// server warns in its log of a `ROLLBACK` of nothing.
async fn is_clean(connection: &mut PgConnection) -> sqlx::Result<bool> {
    if PgTransactionManager::get_transaction_depth(connection) > 0 {
        return Ok(false);
    }
    Ok(sqlx::raw_sql("BEGIN; ROLLBACK").execute(connection).await.is_ok())
}

/// Whether the server said this, rather than being gone.
pub(super) fn is_answer(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // Connection exceptions, and a server or backend that is going away.
            !code.starts_with("08")
                && !code.starts_with("57P")
                && !code.starts_with("XX")
                && code != "25P03"
                && code != "58000"
        }
        sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
        _ => false,
    }
}

fn all_busy() -> sqlx::Error {
    Refusal::new(Kind::Unavailable, "AW7013", "every connection to the database is in use").into_sqlx()
}

fn unreachable(error: sqlx::Error) -> sqlx::Error {
    match error {
        sqlx::Error::PoolTimedOut => {
            Refusal::new(Kind::Unavailable, "AW7004", "the database cannot be reached").into_sqlx()
        }
        error => error,
    }
}
