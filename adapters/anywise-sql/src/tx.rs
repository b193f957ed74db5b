//! A transaction of the store's own database, as a unit of work.

use std::any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use anywise_core::{BoxFuture, Join, Kept, Nest, Result, Scope, UnitOfWork, Waiting, Work, WorkDemand};
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt, stream};
use sqlx::SqlStr;
use sqlx::{Either, Execute, Executor};

use crate::database::Database;
use crate::error::Refusal;
use crate::nested::{Held, Nested, lost};
use crate::session::{Origin, Run, Yield};
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
/// A command that is sent [`.within(tx)`](anywise_core::Nested::within) has its
/// handler write in this transaction: its `Tx` is this one, behind a savepoint.
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
    state: State,
    /// What functions want kept that have joined it.
    kept: Kept,
    /// Who waits for its function, and for whom it may wait.
    holding: Holding,
    database: PhantomData<fn() -> Db>,
}

/// Tells those that the function sends to whether it holds a transaction.
struct Holding(Option<Waiting>);

impl Holding {
    /// It is about to.
    fn begin(&self) -> sqlx::Result<()> {
        let Some(waiting) = &self.0 else { return Ok(()) };
        waiting
            .begin()
            .map_err(|error| Refusal::new(error.kind(), "AW7014", error.message().to_owned()).into_sqlx())
    }

    fn hold(&self, holds: bool) {
        if let Some(waiting) = &self.0 {
            waiting.hold(holds);
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.hold(false);
    }
}

/// How far a transaction has come.
enum State {
    /// No statement was run, or the transaction is lent.
    Closed,
    /// Its own.
    Open(Held),
    /// To be joined at the first statement.
    Joins(Arc<Nest>),
    /// Another's, behind a savepoint.
    Joined(Nested),
}

impl<Db: Database> Tx<Db> {
    /// What runs its statements; opens the session, or joins one, at the first.
    async fn run(&mut self) -> sqlx::Result<Box<dyn Run<Db::Driver> + '_>> {
        match &self.state {
            State::Closed => {
                self.holding.begin()?;
                self.state = State::Open(Held::new(self.origin.open(self.function).await?));
                self.holding.hold(true);
            }
            State::Joins(nest) => {
                self.state = State::Joined(Nested::join(nest, &self.origin, self.function).await?);
                self.holding.hold(true);
            }
            State::Open(_) | State::Joined(_) => {}
        }
        let held = match &mut self.state {
            State::Open(held) => held,
            State::Joined(nested) => nested.held()?,
            State::Closed | State::Joins(_) => return Err(lost()),
        };
        Db::session(held.ready().await?)
    }
}

impl<Db: Database> UnitOfWork for Tx<Db> {
    fn begin(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self {
            origin: Origin::of(scope.store())?,
            function: scope.function(),
            state: scope.nest().map_or(State::Closed, State::Joins),
            kept: Kept::default(),
            holding: Holding(scope.waiting()),
            database: PhantomData,
        })
    }

    fn finish(self, work: &mut Work) -> Result<()> {
        work.adopt(self.kept);
        match self.state {
            State::Open(held) => work.enlist(Box::new(held)),
            State::Joined(nested) => work.enlist(Box::new(nested)),
            State::Closed | State::Joins(_) => {}
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
            .field("open", &matches!(self.state, State::Open(_) | State::Joined(_)))
            .finish_non_exhaustive()
    }
}

impl<Db: Database> Join for Tx<Db> {
    fn lend(&mut self) -> Box<dyn any::Any + Send> {
        let held = match std::mem::replace(&mut self.state, State::Closed) {
            State::Open(held) => Some(held),
            State::Closed => None,
            // Lent on as it is: the other finds it there, and joins it in turn.
            State::Joins(nest) => {
                let held = nest.take::<Option<Held>>();
                self.state = State::Joins(nest);
                held.flatten()
            }
            State::Joined(mut nested) => {
                let held = nested.lend();
                self.state = State::Joined(nested);
                held
            }
        };
        Box::new(held)
    }

    fn take_back(&mut self, lent: Option<Box<dyn any::Any + Send>>, kept: Kept) {
        self.kept.append(kept);
        let held = lent.and_then(|lent| lent.downcast::<Option<Held>>().ok()).and_then(|held| *held);
        match &mut self.state {
            State::Joins(nest) => nest.put(held),
            State::Joined(nested) => nested.take_back(held),
            State::Closed | State::Open(_) => {
                if let Some(held) = held {
                    self.state = State::Open(held);
                    self.holding.hold(true);
                }
            }
        }
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
