//! Reading outside of a transaction.

use std::fmt;
use std::marker::PhantomData;

use anywise_core::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, stream};
use sqlx::SqlStr;
use sqlx::{Either, Execute, Executor, Pool};

use crate::database::Database;
use crate::session::{Run, Yield};
use crate::statement::Statement;

/// The connections for reading, of either store.
#[doc(hidden)]
#[derive(Clone)]
pub enum Pools {
    Sqlite(Pool<sqlx::Sqlite>),
    Postgres(Pool<sqlx::Postgres>),
}

/// Reads what is committed, as a dependency: `&Reader<Any>`.
///
/// The store gives it to the application. It holds no transaction and never
/// waits for a writer; on SQLite it cannot write.
///
/// # Examples
/// ```
/// use anywise_core::Result;
/// use anywise_sql::{Any, Reader, sqlx};
///
/// async fn cents(reader: &Reader<Any>, id: &str) -> Result<i64> {
///     let cents = sqlx::query_scalar("SELECT cents FROM orders WHERE id = $1").bind(id);
///     Ok(cents.fetch_one(reader).await?)
/// }
/// ```
pub struct Reader<Db> {
    pools: Pools,
    database: PhantomData<fn() -> Db>,
}

impl<Db: Database> Reader<Db> {
    pub(crate) fn new(pools: Pools) -> Self {
        Self { pools, database: PhantomData }
    }
}

impl<Db> fmt::Debug for Reader<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

impl<Db> Clone for Reader<Db> {
    fn clone(&self) -> Self {
        Self { pools: self.pools.clone(), database: PhantomData }
    }
}

impl<'c, Db: Database> Executor<'c> for &'c Reader<Db> {
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
        let run = Statement::of(query).and_then(|statement| Ok((Db::pool(&self.pools)?, statement)));
        match run {
            Ok((run, statement)) => run.many(statement),
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, sqlx::Result<Option<<Db::Driver as sqlx::Database>::Row>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Self::Database>,
    {
        let statement = Statement::of(query);
        async move { Db::pool(&self.pools)?.optional(statement?).await }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        _parameters: &'e [<Db::Driver as sqlx::Database>::TypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<<Db::Driver as sqlx::Database>::Statement>>
    where
        'c: 'e,
    {
        async move { Db::pool(&self.pools)?.prepare(sql).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<sqlx::Describe<Db::Driver>>>
    where
        'c: 'e,
    {
        async move { Db::pool(&self.pools)?.describe(sql).await }.boxed()
    }
}

impl<'p, D: sqlx::Database> Run<D> for &'p Pool<D>
where
    &'p Pool<D>: Executor<'p, Database = D>,
{
    fn many<'r>(self: Box<Self>, statement: Statement<D>) -> BoxStream<'r, Yield<D>>
    where
        Self: 'r,
    {
        (*self).fetch_many(statement)
    }

    fn optional<'r>(self: Box<Self>, statement: Statement<D>) -> BoxFuture<'r, sqlx::Result<Option<D::Row>>>
    where
        Self: 'r,
    {
        (*self).fetch_optional(statement)
    }

    fn prepare<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<D::Statement>>
    where
        Self: 'r,
    {
        (*self).prepare(sql)
    }

    fn describe<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<sqlx::Describe<D>>>
    where
        Self: 'r,
    {
        (*self).describe(sql)
    }
}
