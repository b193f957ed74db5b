//! A transaction of the store's own database, as a unit of work.

use std::fmt;
use std::marker::PhantomData;

use anywise_core::{Batch, BoxFuture, Durable, Result, Scope, Transaction, UnitOfWork, Work, WorkDemand};
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt, stream};
use sqlx::SqlStr;
use sqlx::{Either, Execute, Executor};

use crate::database::Database;
use crate::session::{Origin, Run, Session, Yield};
use crate::statement::Statement;

/// A transaction that commits with everything else its message did: the events
/// it recorded, the reply that is remembered, and the mark that it was handled.
///
/// It begins at its first statement, so that what a function awaits before it
/// holds nothing, and is committed after the function's `Ok`. On an error, a
/// panic, a timeout or a caller that goes away it is rolled back.
///
/// On SQLite there is one writer: from the first statement to the function's
/// return every other transaction waits. Await nothing slow in between; after
/// [`hold_limit`](crate::SqliteOptions::hold_limit) the transaction is rolled
/// back, its function fails with `AW7011`, and the others go on.
///
/// # Examples
/// ```
/// use anywise_core::Result;
/// use anywise_sql::{Any, Tx, sqlx};
///
/// async fn put(tx: &mut Tx<Any>, id: &str, cents: i64) -> Result<()> {
///     sqlx::query("INSERT INTO orders (id, cents) VALUES ($1, $2)")
///         .bind(id)
///         .bind(cents)
///         .execute(&mut *tx)
///         .await?;
///     Ok(())
/// }
/// ```
pub struct Tx<Db: Database> {
    origin: Origin,
    function: &'static str,
    session: Option<Session>,
    database: PhantomData<fn() -> Db>,
}

impl<Db: Database> Tx<Db> {
    /// What runs its statements; opens the session at the first.
    async fn run(&mut self) -> sqlx::Result<Box<dyn Run<Db::Driver> + '_>> {
        if self.session.is_none() {
            self.session = Some(self.origin.open(self.function).await?);
        }
        Db::session(self.session.as_mut().expect("opened just above"))
    }
}

impl<Db: Database> UnitOfWork for Tx<Db> {
    fn begin(scope: &mut Scope<'_>) -> Result<Self> {
        let origin = Origin::of(scope.store())?;
        Ok(Self { origin, function: scope.function(), session: None, database: PhantomData })
    }

    fn finish(self, work: &mut Work) -> Result<()> {
        if let Some(session) = self.session {
            work.enlist(Box::new(Open(session)));
        }
        Ok(())
    }

    fn demand(demand: &mut WorkDemand) {
        demand.transaction(Db::RESOURCE);
    }
}

impl<Db: Database> fmt::Debug for Tx<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("function", &self.function)
            .field("open", &self.session.is_some())
            .finish_non_exhaustive()
    }
}

/// A session whose function has succeeded.
struct Open(Session);

impl Transaction for Open {
    fn commit(self: Box<Self>, batch: Batch) -> BoxFuture<'static, Result<Durable>> {
        self.0.commit(batch)
    }
}

impl<'c, Db: Database> Executor<'c> for &'c mut Tx<Db> {
    type Database = Db::Driver;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<
        'e,
        sqlx::Result<
            Either<<Db::Driver as sqlx::Database>::QueryResult, <Db::Driver as sqlx::Database>::Row>,
        >,
    >
    where
        'c: 'e,
        E: 'q + Execute<'q, Self::Database>,
    {
        let statement = match Statement::in_transaction(query) {
            Ok(statement) => statement,
            Err(error) => return stream::once(std::future::ready(Err(error))).boxed(),
        };
        self.run_many(statement)
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, sqlx::Result<Option<<Db::Driver as sqlx::Database>::Row>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Self::Database>,
    {
        let statement = Statement::in_transaction(query);
        async move { self.run().await?.optional(statement?).await }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        _parameters: &'e [<Db::Driver as sqlx::Database>::TypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<<Db::Driver as sqlx::Database>::Statement>>
    where
        'c: 'e,
    {
        async move { self.run().await?.prepare(sql).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<sqlx::Describe<Db::Driver>>>
    where
        'c: 'e,
    {
        async move { self.run().await?.describe(sql).await }.boxed()
    }
}

impl<Db: Database> Tx<Db> {
    fn run_many(&mut self, statement: Statement<Db::Driver>) -> BoxStream<'_, Yield<Db::Driver>> {
        async move { Ok::<_, sqlx::Error>(self.run().await?.many(statement)) }.try_flatten_stream().boxed()
    }
}
