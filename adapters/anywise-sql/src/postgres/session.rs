//! A function's transaction: its statements, and then the framework's.
//!
//! A [`Tx`](crate::Tx) opens one at its first statement and runs statements on
//! it. Opening, committing and undoing happen in tasks of their own: a caller
//! that goes away leaves no transaction behind, and undoes no commit that has
//! begun.

use std::sync::Arc;

use anywise_core::{Batch, BoxFuture, Durable, Error, Result};
use futures_core::stream::BoxStream;
use sqlx::{Executor, SqlStr};
use tokio::sync::oneshot;

use crate::failpoint::point;
use crate::postgres::Shared;
use crate::postgres::job::{Applied, Job};
use crate::postgres::round::apply;
use crate::postgres::transaction::Transaction;
use crate::session::{Run, Yield};
use crate::statement::Statement;

/// An open transaction. Dropped, it is rolled back.
pub struct Session {
    shared: Arc<Shared>,
    transaction: Transaction,
}

impl Session {
    /// Opens one.
    pub(crate) async fn open(shared: &Arc<Shared>, _function: &'static str) -> sqlx::Result<Self> {
        let (sender, receiver) = oneshot::channel();
        let connections = Arc::clone(&shared.sessions);
        tokio::spawn(async move {
            // Nobody waits any more: there must be no transaction either.
            if let Err(Ok(unwanted)) = sender.send(Transaction::begin(&connections).await) {
                Transaction::rollback(unwanted).await;
            }
        });
        let transaction = receiver.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        point("tx.begin").await.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        Ok(Self { shared: Arc::clone(shared), transaction })
    }

    /// Writes the framework's rows of `batch`, then commits.
    pub(crate) fn commit(self, batch: Batch) -> BoxFuture<'static, Result<Durable>> {
        let (stage, staged) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let (shared, done) = (Arc::clone(&self.shared), batch.done);
        tokio::spawn(async move {
            self.finish(Job::from(batch), stage, end).await;
            if let Some(claim) = done {
                shared.let_go(claim);
            }
        });
        Box::pin(async move {
            staged.await.unwrap_or_else(|_| Err(Error::internal("a commit ended in a panic")))?;
            let durable: Durable = Box::pin(async move { ended.await.unwrap_or_else(|_| Err(unknown())) });
            Ok(durable)
        })
    }

    async fn finish(
        mut self,
        job: Job,
        staged: oneshot::Sender<Result<()>>,
        ended: oneshot::Sender<Result<()>>,
    ) {
        let applied = match self.stage(&[job]).await {
            Ok(applied) => applied,
            Err(error) => {
                self.transaction.rollback().await;
                return drop(staged.send(Err(error)));
            }
        };
        drop(staged.send(Ok(())));
        let Self { shared, transaction } = self;
        let committed = transaction.commit(&shared.own).await;
        drop(point("tx.after_commit").await);
        if committed.is_ok() {
            shared.announce(applied.news);
        }
        drop(ended.send(committed));
    }

    async fn stage(&mut self, job: &[Job; 1]) -> Result<Applied> {
        let applied = apply(&self.shared, &mut self.transaction, job).await?;
        applied.verdicts.iter().try_for_each(|verdict| verdict.of_commit())?;
        point("tx.before_commit").await?;
        Ok(applied)
    }
}

fn unknown() -> Error {
    Error::unknown_outcome("a commit ended in a panic")
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Run<sqlx::Postgres> for &mut Session {
    fn many<'r>(self: Box<Self>, statement: Statement<sqlx::Postgres>) -> BoxStream<'r, Yield<sqlx::Postgres>>
    where
        Self: 'r,
    {
        let session: &'r mut Session = *self;
        session.transaction.raw().fetch_many(statement)
    }

    fn optional<'r>(
        self: Box<Self>,
        statement: Statement<sqlx::Postgres>,
    ) -> BoxFuture<'r, sqlx::Result<Option<sqlx::postgres::PgRow>>>
    where
        Self: 'r,
    {
        let session: &'r mut Session = *self;
        session.transaction.raw().fetch_optional(statement)
    }

    fn prepare<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<sqlx::postgres::PgStatement>>
    where
        Self: 'r,
    {
        let session: &'r mut Session = *self;
        session.transaction.raw().prepare(sql)
    }

    fn describe<'r>(
        self: Box<Self>,
        sql: SqlStr,
    ) -> BoxFuture<'r, sqlx::Result<sqlx::Describe<sqlx::Postgres>>>
    where
        Self: 'r,
    {
        let session: &'r mut Session = *self;
        session.transaction.raw().describe(sql)
    }
}
