//! One statement on its way to a connection, and [`Any`](crate::Any)'s onto a
//! connection of a real database.

use std::marker::PhantomData;

use anywise_core::{BoxFuture, Kind};
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, stream};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use sqlx::{Either, Execute};

use crate::error::Refusal;
use crate::session::{Run, Yield};

type BoxDynError = Box<dyn std::error::Error + Send + Sync>;

/// A statement with its arguments.
#[doc(hidden)]
pub struct Statement<D: sqlx::Database> {
    pub(crate) sql: SqlStr,
    pub(crate) arguments: Option<D::Arguments>,
    pub(crate) persistent: bool,
}

impl<D: sqlx::Database> Statement<D> {
    /// Takes a query apart.
    ///
    /// # Errors
    /// That an argument cannot be encoded.
    pub(crate) fn of<'q>(mut query: impl Execute<'q, D>) -> sqlx::Result<Self> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        let persistent = query.persistent();
        Ok(Self { sql: query.sql(), arguments, persistent })
    }

    /// A statement without arguments.
    pub(crate) fn plain(sql: String) -> Self {
        Self { sql: AssertSqlSafe(sql).into_sql_str(), arguments: None, persistent: false }
    }

    /// The same inside a transaction, which is the framework's to end.
    ///
    /// # Errors
    /// `AW7012`: the statement would end the transaction.
    pub(crate) fn in_transaction<'q>(query: impl Execute<'q, D>) -> sqlx::Result<Self> {
        let statement = Self::of(query)?;
        match ending(statement.sql.as_str()) {
            None => Ok(statement),
            Some(word) => Err(refused(word)),
        }
    }
}

/// The first word, if it is one that begins or ends transactions.
fn ending(sql: &str) -> Option<&'static str> {
    const WORDS: [&str; 9] =
        ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ABORT", "START", "PREPARE"];
    let sql = sql.trim_start();
    let word = sql.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    WORDS.into_iter().find(|known| known.eq_ignore_ascii_case(word))
}

fn refused(word: &str) -> sqlx::Error {
    let text = format!(
        "`{word}` inside a `Tx`: it begins at its first statement and is committed or rolled back with its function"
    );
    Refusal::new(Kind::Internal, "AW7012", text).into_sqlx()
}

impl<D: sqlx::Database> Execute<'static, D> for Statement<D> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&D::Statement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<D::Arguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

/// A database that [`Any`](crate::Any) can be on.
#[doc(hidden)]
pub(crate) trait Lower: sqlx::Database {
    fn arguments(arguments: sqlx::any::AnyArguments) -> Result<Self::Arguments, BoxDynError>;
    fn row(row: &Self::Row) -> sqlx::Result<AnyRow>;
    fn result(result: &Self::QueryResult) -> AnyQueryResult;
    fn statement(statement: Self::Statement) -> sqlx::Result<AnyStatement>;
    fn description(description: sqlx::Describe<Self>) -> sqlx::Result<sqlx::Describe<sqlx::Any>>;
}

macro_rules! lower {
    ($driver:ty) => {
        impl Lower for $driver {
            fn arguments(arguments: sqlx::any::AnyArguments) -> Result<Self::Arguments, BoxDynError> {
                arguments.convert_into()
            }

            fn row(row: &Self::Row) -> sqlx::Result<AnyRow> {
                AnyRow::try_from(row)
            }

            fn result(result: &Self::QueryResult) -> AnyQueryResult {
                AnyQueryResult { rows_affected: result.rows_affected(), last_insert_id: None }
            }

            fn statement(statement: Self::Statement) -> sqlx::Result<AnyStatement> {
                let names = sqlx::Statement::columns(&statement)
                    .iter()
                    .map(|column| {
                        (sqlx::Column::name(column).to_owned().into(), sqlx::Column::ordinal(column))
                    })
                    .collect();
                AnyStatement::try_from_statement(statement, std::sync::Arc::new(names))
            }

            fn description(description: sqlx::Describe<Self>) -> sqlx::Result<sqlx::Describe<sqlx::Any>> {
                description.try_into_any()
            }
        }
    };
}

lower!(sqlx::Sqlite);
lower!(sqlx::Postgres);

/// Runs [`Any`](crate::Any)'s statements on what runs those of `D`.
pub(crate) struct Lowered<R, D> {
    run: R,
    driver: PhantomData<fn() -> D>,
}

impl<R, D> Lowered<R, D> {
    pub(crate) fn new(run: R) -> Self {
        Self { run, driver: PhantomData }
    }
}

fn lower<D: Lower>(statement: Statement<sqlx::Any>) -> sqlx::Result<Statement<D>> {
    let arguments = statement.arguments.map(D::arguments).transpose().map_err(sqlx::Error::Encode)?;
    Ok(Statement { sql: statement.sql, arguments, persistent: statement.persistent })
}

fn raise<D: Lower>(yielded: Yield<D>) -> Yield<sqlx::Any> {
    match yielded? {
        Either::Left(result) => Ok(Either::Left(D::result(&result))),
        Either::Right(row) => D::row(&row).map(Either::Right),
    }
}

impl<R: Run<D>, D: Lower> Run<sqlx::Any> for Lowered<R, D> {
    fn many<'r>(self: Box<Self>, statement: Statement<sqlx::Any>) -> BoxStream<'r, Yield<sqlx::Any>>
    where
        Self: 'r,
    {
        match lower(statement) {
            Ok(statement) => Box::new(self.run).many(statement).map(raise::<D>).boxed(),
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }
    }

    fn optional<'r>(
        self: Box<Self>,
        statement: Statement<sqlx::Any>,
    ) -> BoxFuture<'r, sqlx::Result<Option<AnyRow>>>
    where
        Self: 'r,
    {
        async move {
            let row = Box::new(self.run).optional(lower(statement)?).await?;
            row.as_ref().map(D::row).transpose()
        }
        .boxed()
    }

    fn prepare<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<AnyStatement>>
    where
        Self: 'r,
    {
        async move { D::statement(Box::new(self.run).prepare(sql).await?) }.boxed()
    }

    fn describe<'r>(self: Box<Self>, sql: SqlStr) -> BoxFuture<'r, sqlx::Result<sqlx::Describe<sqlx::Any>>>
    where
        Self: 'r,
    {
        async move { D::description(Box::new(self.run).describe(sql).await?) }.boxed()
    }
}
