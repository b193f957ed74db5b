//! A handler's end of the write slot.
//!
//! Statements go to the writer as orders, and what they yield comes back; the
//! session holds no connection. Dropped, it leaves nothing to order, and the
//! writer rolls back.

use std::sync::{Arc, OnceLock};

use anywise_core::{Batch, BoxFuture, Durable, Result};
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt, stream};
use sqlx::sqlite::{SqliteRow, SqliteStatement};
use sqlx::{SqlStr, Sqlite};
use tokio::sync::{mpsc, oneshot};

use crate::error::Refusal;
use crate::session::{Run, Yield};
use crate::sqlite::request::Request;
use crate::sqlite::shared::{Shared, closed, unanswered};
use crate::sqlite::slot::{Job, Order, Slot};
use crate::statement::Statement;

/// An open transaction.
#[derive(Debug)]
pub struct Session {
    orders: mpsc::Sender<Order>,
    broken: Arc<OnceLock<Refusal>>,
}

impl Session {
    /// Asks for the write slot; the first order waits until it is given.
    pub(crate) async fn open(shared: &Arc<Shared>, function: &'static str) -> sqlx::Result<Self> {
        let (orders, queue) = mpsc::channel(1);
        let broken = Arc::new(OnceLock::new());
        let slot = Slot { function, orders: queue, broken: Arc::clone(&broken) };
        shared.hand_over(Request::Slot(slot)).await.map_err(Refusal::into_sqlx)?;
        Ok(Self { orders, broken })
    }

    pub(crate) fn commit(self, batch: Batch) -> BoxFuture<'static, Result<Durable>> {
        async move {
            let (staged, is_staged) = oneshot::channel();
            let (durable, is_durable) = oneshot::channel();
            let order = Order::Commit { ready: Box::new(batch.into()), staged, durable };
            self.order(order).await.map_err(Refusal::into_error)?;
            is_staged.await.unwrap_or_else(|_| Err(self.why().into_error()))?;
            let durable: Durable =
                is_durable.map(|durable| durable.unwrap_or_else(|_| Err(unanswered()))).boxed();
            Ok(durable)
        }
        .boxed()
    }

    async fn order(&self, order: Order) -> Result<(), Refusal> {
        self.orders.send(order).await.map_err(|_| self.why())
    }

    /// Why the slot is ours no more.
    fn why(&self) -> Refusal {
        self.broken.get().cloned().unwrap_or_else(closed)
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<sqlx::Result<T>>) -> Job + Send,
    ) -> sqlx::Result<T> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Run(job(reply))).await.map_err(Refusal::into_sqlx)?;
        answer.await.unwrap_or_else(|_| Err(self.why().into_sqlx()))
    }

    async fn start(&self, statement: Statement<Sqlite>) -> sqlx::Result<BoxStream<'_, Yield<Sqlite>>> {
        let (rows, queue) = mpsc::channel(1);
        self.order(Order::Run(Job::Many(statement, rows))).await.map_err(Refusal::into_sqlx)?;
        let chunks = stream::unfold(Some(queue), move |queue| async move {
            let mut queue = queue?;
            if let Some(chunk) = queue.recv().await {
                return Some((stream::iter(chunk), Some(queue)));
            }
            // Without a reason it is simply the end.
            let broken = self.broken.get()?.clone();
            Some((stream::iter(vec![Err(broken.into_sqlx())]), None))
        });
        Ok(chunks.flatten().boxed())
    }
}

impl Run<Sqlite> for &mut Session {
    fn many<'r>(self: Box<Self>, statement: Statement<Sqlite>) -> BoxStream<'r, Yield<Sqlite>>
    where
        Self: 'r,
    {
        let session: &'r Session = *self;
        session.start(statement).try_flatten_stream().boxed()
    }

    fn optional<'r>(
        self: Box<Self>,
        statement: Statement<Sqlite>,
    ) -> BoxFuture<'r, sqlx::Result<Option<SqliteRow>>>
    where
        Self: 'r,
    {
        let session: &'r Session = *self;
        session.ask(|reply| Job::Optional(statement, reply)).boxed()
    }

    fn prepare<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<SqliteStatement>>
    where
        Self: 'r,
    {
        let session: &'r Session = *self;
        session.ask(|reply| Job::Prepare(sql, reply)).boxed()
    }

    fn describe<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<sqlx::Describe<Sqlite>>>
    where
        Self: 'r,
    {
        let session: &'r Session = *self;
        session.ask(|reply| Job::Describe(sql, reply)).boxed()
    }
}
