//! One transaction, from its first statement to the knowledge of how it ended.
//!
//! It is only ever run in a task of its own, so that no caller can drop it half
//! way. A connection that is lost during the commit says nothing about it: the
//! database is asked what has become of the transaction.

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
use crate::postgres::pool::{Connection, Connections, is_answer};

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
    /// There when it may write.
    mark: Option<Mark>,
}

/// What it takes to find out how a transaction ended.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Its number.
    pub(super) xid: String,
    /// The history in which that is its number: another after a failover.
    pub(super) timeline: String,
}

impl Transaction {
    /// Begins one.
    ///
    /// # Errors
    /// That there is no connection.
    pub(super) async fn begin(connections: &Arc<Connections>) -> sqlx::Result<Self> {
        let mut connection = connections.get().await?;
        if mutant("dropped_and_reused") && PgTransactionManager::get_transaction_depth(connection.raw()) > 0 {
            return Ok(Self { connection: Some(connection), mark: None });
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
        Ok(Self { connection: Some(connection), mark: None })
    }

    /// The connection it is on.
    pub(super) fn raw(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("only what ends the transaction takes it").raw()
    }

    /// From here on it may write.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.mark = Some(mark);
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
        drop(self.connection.take());
        match self.mark.take() {
            Some(_) if mutant("ambiguous_is_failure") => Err(from_sqlx(error)),
            Some(mark) => find_out(ask, &mark, error).await,
            None => Err(from_sqlx(error)),
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
    Err(Error::unknown_outcome("the connection to the database was lost during a commit").with_source(lost))
}

/// `pg_xact_status`, or `other` if the database is not the one it was. A backend
/// that does not know yet that its client is gone is told, unless it only waits
/// for a standby.
async fn status(connections: &Arc<Connections>, mark: &Mark) -> sqlx::Result<String> {
    let mut connection = connections.get().await?;
    let asked = sqlx::query_scalar::<_, String>(STATUS).bind(&mark.xid).bind(&mark.timeline);
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

const STATUS: &str = "
SELECT CASE WHEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) = $2
            THEN coalesce(pg_xact_status($1::text::xid8), 'other') ELSE 'other' END";

const TELL: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_xid = $1::text::xid8::xid AND wait_event IS DISTINCT FROM 'SyncRep'";
