//! An open transaction, of either store.
//!
//! A [`Tx`](crate::Tx) opens one at its first statement, runs its statements
//! through [`Run`], and either commits it with its message's batch or drops it,
//! which rolls it back. Nothing of this happens in the caller's future: it is
//! handed to a task of the store, and a caller that goes away changes nothing.

use std::any::Any;
use std::sync::Arc;

use anywise_core::{Batch, BoxFuture, Durable, Result, Store};
use futures_core::stream::BoxStream;
use sqlx::Either;
use sqlx::SqlStr;

use crate::error::no_store;
use crate::statement::Statement;
use crate::{PostgresStore, SqliteStore, postgres, sqlite};

/// What a statement yields: a result, or a row.
pub(crate) type Yield<D> =
    sqlx::Result<Either<<D as sqlx::Database>::QueryResult, <D as sqlx::Database>::Row>>;

/// Runs statements, each to its end or to the point where its rows are not
/// wanted any more.
///
/// Consumed with the statement, so that a borrowed session can be boxed for one.
pub trait Run<D: sqlx::Database>: Send {
    /// Every result and row.
    fn many<'r>(self: Box<Self>, statement: Statement<D>) -> BoxStream<'r, Yield<D>>
    where
        Self: 'r;

    /// The first row.
    fn optional<'r>(self: Box<Self>, statement: Statement<D>) -> BoxFuture<'r, sqlx::Result<Option<D::Row>>>
    where
        Self: 'r;

    /// Looks at a statement without running it.
    fn prepare<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<D::Statement>>
    where
        Self: 'r;

    /// The same, for the compiler.
    fn describe<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<sqlx::Describe<D>>>
    where
        Self: 'r;
}

/// Where sessions come from: the application's store.
pub(crate) enum Origin {
    Sqlite(Arc<sqlite::Shared>),
    Postgres(Arc<postgres::Shared>),
}

impl Origin {
    /// The store as one of ours.
    ///
    /// # Errors
    /// That there is none, or another.
    pub(crate) fn of(store: Option<&Arc<dyn Store>>) -> Result<Self> {
        let store: &dyn Any = store.map(|store| &**store).ok_or_else(|| no_store(false))?;
        if let Some(store) = store.downcast_ref::<SqliteStore>() {
            return Ok(Self::Sqlite(Arc::clone(store.shared())));
        }
        if let Some(store) = store.downcast_ref::<PostgresStore>() {
            return Ok(Self::Postgres(Arc::clone(store.shared())));
        }
        Err(no_store(true))
    }

    /// Opens a session for `function`.
    ///
    /// # Errors
    /// That the store cannot be reached, or has failed.
    pub(crate) async fn open(&self, function: &'static str) -> sqlx::Result<Session> {
        match self {
            Self::Sqlite(shared) => sqlite::Session::open(shared, function).await.map(Session::Sqlite),
            Self::Postgres(shared) => postgres::Session::open(shared, function).await.map(Session::Postgres),
        }
    }
}

/// An open transaction. Dropped, it is rolled back by a task of the store.
pub enum Session {
    #[doc(hidden)]
    Sqlite(sqlite::Session),
    #[doc(hidden)]
    Postgres(postgres::Session),
}

impl Session {
    /// Runs a statement of the framework's own.
    pub(crate) async fn act(&mut self, sql: String) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(session) => Box::new(session).optional(Statement::plain(sql)).await.map(drop),
            Self::Postgres(session) => Box::new(session).optional(Statement::plain(sql)).await.map(drop),
        }
    }

    /// Writes the framework's rows of `batch` and commits; see
    /// [`Transaction::commit`](anywise_core::Transaction::commit).
    pub(crate) fn commit(self, batch: Batch) -> BoxFuture<'static, Result<Durable>> {
        match self {
            Self::Sqlite(session) => session.commit(batch),
            Self::Postgres(session) => session.commit(batch),
        }
    }
}
