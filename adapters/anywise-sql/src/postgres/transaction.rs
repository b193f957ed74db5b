//! One transaction, from its first statement to the knowledge of how it ended.
//!
//! It is only ever run in a task of its own, so that no caller can drop it half
//! way. A connection that is lost during the commit says nothing about it: the
//! database is asked what has become of the transaction, if it is still in the
//! life that gave the transaction its number.

use std::sync::Arc;
use std::time::Duration;

use anywise_core::{Error, Result};
use sqlx::SqlSafeStr;
use sqlx::postgres::PgConnection;
use sqlx_core::transaction::TransactionManager;
use sqlx_postgres::PgTransactionManager;
use tokio::time::{Instant, sleep, timeout};

use crate::error::from_sqlx;
use crate::failpoint::mutant;
use crate::postgres::pool::{Connection, Connections, Life, is_answer};

/// The setting ends with the transaction: where it is gone, a statement has ended
/// it, and perhaps begun another.
const BEGIN: &str = "BEGIN; SET LOCAL anywise.open = 'on'";
/// How long the database may take to undo a transaction; then its connection is
/// closed instead.
const UNDO: Duration = Duration::from_secs(5);
/// How long to ask what has become of a commit, and how often.
const ASK: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// An open transaction. Dropped, it is rolled back.
pub(super) struct Transaction {
    /// There until it has ended.
    connection: Option<Connection>,
    /// Its number, when it may write.
    xid: Option<String>,
}

/// What it takes to find out how a transaction ended.
#[derive(Debug)]
struct Mark {
    xid: String,
    /// In which that is its number.
    life: Life,
}

impl Transaction {
    /// Begins one.
    ///
    /// # Errors
    /// That there is no connection.
    pub(super) async fn begin(connections: &Arc<Connections>) -> sqlx::Result<Self> {
        let mut connection = connections.get().await?;
        if mutant("dropped_and_reused") && PgTransactionManager::get_transaction_depth(connection.raw()) > 0 {
            return Ok(Self { connection: Some(connection), xid: None });
        }
        if let Err(error) = PgTransactionManager::begin(connection.raw(), Some(BEGIN.into_sql_str())).await {
            if is_answer(&error) {
                return Err(error);
            }
            // It was closed while nobody used it; nothing has begun.
            connections.distrust();
            connection = connections.get().await?;
            PgTransactionManager::begin(connection.raw(), Some(BEGIN.into_sql_str())).await?;
        }
        Ok(Self { connection: Some(connection), xid: None })
    }

    /// The connection it is on.
    pub(super) fn raw(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("only what ends the transaction takes it").raw()
    }

    /// From here on it may write.
    pub(super) fn mark(&mut self, xid: String) {
        self.xid = Some(xid);
    }

    /// Commits; `ask` is where to ask if the connection is lost.
    ///
    /// # Errors
    /// That nothing was committed, or that it is not known.
    pub(super) async fn commit(mut self, ask: &Arc<Connections>) -> Result<()> {
        let Err(error) = PgTransactionManager::commit(self.raw()).await else {
            self.connection.take().into_iter().for_each(Connection::put_back);
            return Ok(());
        };
        if is_answer(&error) {
            return Err(from_sqlx(error));
        }
        let life = self.connection.take().and_then(|connection| connection.life().cloned());
        match (self.xid.take(), life) {
            (None, _) => Err(from_sqlx(error)),
            (Some(_), _) if mutant("ambiguous_is_failure") => Err(from_sqlx(error)),
            (Some(_), None) => Err(unknown(error)),
            (Some(xid), Some(life)) => find_out(ask, &Mark { xid, life }, error).await,
        }
    }

    /// Rolls back.
    pub(super) async fn rollback(mut self) {
        if let Some(connection) = self.connection.take() {
            undo(connection).await;
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if mutant("dropped_and_reused") {
            return connection.put_back();
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(undo(connection));
        }
    }
}

/// A connection that does not answer is closed, which undoes its transaction too.
async fn undo(mut connection: Connection) {
    if let Ok(Ok(())) = timeout(UNDO, PgTransactionManager::rollback(connection.raw())).await {
        connection.put_back();
    }
}

/// What has become of a transaction whose commit was not answered.
async fn find_out(connections: &Arc<Connections>, mark: &Mark, lost: sqlx::Error) -> Result<()> {
    let until = Instant::now() + ASK;
    while Instant::now() < until {
        match status(connections, mark).await.as_deref() {
            Ok("committed") => return Ok(()),
            Ok("aborted") => return Err(from_sqlx(lost)),
            Ok("in progress") | Err(_) => sleep(ASK_AGAIN).await,
            Ok(_) => break,
        }
    }
    Err(unknown(lost))
}

fn unknown(lost: sqlx::Error) -> Error {
    Error::unknown_outcome("the connection to the database was lost during a commit").with_source(lost)
}

/// `pg_xact_status`, or `other` if the number may be somebody else's by now. A
/// backend that does not know yet that its client is gone is told, unless it
/// only waits for a standby.
async fn status(connections: &Arc<Connections>, mark: &Mark) -> sqlx::Result<String> {
    let mut connection = connections.get().await?;
    if connection.life() != Some(&mark.life) && !mutant("number_without_life") {
        connection.put_back();
        return Ok("other".to_owned());
    }
    let asked = sqlx::query_scalar::<_, String>(STATUS).bind(&mark.xid);
    let status = asked.fetch_one(connection.raw()).await;
    if matches!(status.as_deref(), Ok("in progress")) {
        let told = sqlx::query(TELL).bind(&mark.xid).execute(connection.raw()).await;
        if let Err(error) = told {
            tracing::debug!(%error, "a backend whose client is gone could not be told");
        }
    }
    connection.put_back_after(&status);
    status
}

const STATUS: &str = "SELECT coalesce(pg_xact_status($1::text::xid8), 'other')";

const TELL: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_xid = $1::text::xid8::xid AND wait_event IS DISTINCT FROM 'SyncRep'";
