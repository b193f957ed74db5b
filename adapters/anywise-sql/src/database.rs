//! Which database a [`Tx`](crate::Tx) or a [`Reader`](crate::Reader) speaks to.
//!
//! The markers name a store and its dialect in a signature; the values behind
//! them are the stores'.

use sealed::Reach;

/// SQLite, embedded: one process, one file.
///
/// [`Sqlite::open`] opens the store.
#[derive(Clone, Copy, Debug)]
pub enum Sqlite {}

/// Postgres: as many processes as there are.
///
/// [`Postgres::connect`] connects to the store.
#[derive(Clone, Copy, Debug)]
pub enum Postgres {}

/// Either of the two, whichever the application runs on.
///
/// Statements are written once, with `$1` for parameters, in the SQL that both
/// understand.
#[derive(Clone, Copy, Debug)]
pub enum Any {}

/// A database that a store of this crate can be on: [`Sqlite`], [`Postgres`] or
/// [`Any`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database",
    label = "expected `Sqlite`, `Postgres` or `Any`"
)]
pub trait Database: Reach<Self::Driver> + Send + Sync + 'static {
    /// What sqlx calls it.
    type Driver: sqlx::Database;
    /// The resource whose transactions commit together.
    const RESOURCE: &'static str;
}

impl Database for Sqlite {
    type Driver = sqlx::Sqlite;
    const RESOURCE: &'static str = "sqlite";
}

impl Database for Postgres {
    type Driver = sqlx::Postgres;
    const RESOURCE: &'static str = "postgres";
}

impl Database for Any {
    type Driver = sqlx::Any;
    const RESOURCE: &'static str = "sql";
}

pub(crate) mod sealed {
    //! How a marker reaches the connection of an open transaction or of a pool.

    use crate::database::{Any, Postgres, Sqlite};
    use crate::error::other_database;
    use crate::reader::Pools;
    use crate::session::{Run, Session};
    use crate::statement::Lowered;

    /// Reaches what runs statements of the driver `D`.
    pub trait Reach<D: sqlx::Database> {
        #[doc(hidden)]
        fn session(session: &mut Session) -> sqlx::Result<Box<dyn Run<D> + '_>>;
        #[doc(hidden)]
        fn pool(pools: &Pools) -> sqlx::Result<Box<dyn Run<D> + '_>>;
    }

    impl Reach<sqlx::Sqlite> for Sqlite {
        fn session(session: &mut Session) -> sqlx::Result<Box<dyn Run<sqlx::Sqlite> + '_>> {
            match session {
                Session::Sqlite(session) => Ok(Box::new(session)),
                Session::Postgres(_) => Err(other_database("Sqlite", "Postgres")),
            }
        }

        fn pool(pools: &Pools) -> sqlx::Result<Box<dyn Run<sqlx::Sqlite> + '_>> {
            match pools {
                Pools::Sqlite(pool) => Ok(Box::new(pool)),
                Pools::Postgres(_) => Err(other_database("Sqlite", "Postgres")),
            }
        }
    }

    impl Reach<sqlx::Postgres> for Postgres {
        fn session(session: &mut Session) -> sqlx::Result<Box<dyn Run<sqlx::Postgres> + '_>> {
            match session {
                Session::Postgres(session) => Ok(Box::new(session)),
                Session::Sqlite(_) => Err(other_database("Postgres", "SQLite")),
            }
        }

        fn pool(pools: &Pools) -> sqlx::Result<Box<dyn Run<sqlx::Postgres> + '_>> {
            match pools {
                Pools::Postgres(pool) => Ok(Box::new(pool)),
                Pools::Sqlite(_) => Err(other_database("Postgres", "SQLite")),
            }
        }
    }

    impl Reach<sqlx::Any> for Any {
        fn session(session: &mut Session) -> sqlx::Result<Box<dyn Run<sqlx::Any> + '_>> {
            Ok(match session {
                Session::Sqlite(session) => Box::new(Lowered::new(session)),
                Session::Postgres(session) => Box::new(Lowered::new(session)),
            })
        }

        fn pool(pools: &Pools) -> sqlx::Result<Box<dyn Run<sqlx::Any> + '_>> {
            Ok(match pools {
                Pools::Sqlite(pool) => Box::new(Lowered::new(pool)),
                Pools::Postgres(pool) => Box::new(Lowered::new(pool)),
            })
        }
    }
}
