//! A fresh database for each side of each round.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anywise::Store;
use anywise::sql::{Postgres, Sqlite, sqlx};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Where databases are made.
pub(crate) struct Place {
    sqlite: bool,
    count: AtomicUsize,
}

/// One database, gone when dropped (a folder) or closed (a schema).
pub(crate) enum Database {
    Folder(tempfile::TempDir),
    Schema { url: String, schema: String },
}

impl Place {
    pub(crate) fn new(sqlite: bool) -> Self {
        Self { sqlite, count: AtomicUsize::new(0) }
    }

    pub(crate) fn database(&self) -> Result<Database, Failure> {
        if self.sqlite {
            // Beside the target folder: a folder for temporary files may be memory.
            return Ok(Database::Folder(tempfile::tempdir_in(".")?));
        }
        let url = std::env::var("ANYWISE_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let schema = format!("bench_{}_{}", std::process::id(), self.count.fetch_add(1, Ordering::Relaxed));
        Ok(Database::Schema { url, schema })
    }
}

impl Database {
    /// The store on it, its tables made.
    pub(crate) async fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(match self {
            Self::Folder(folder) => Arc::new(Sqlite::open(folder.path().join("bench.db")).await?),
            Self::Schema { url, schema } => {
                Arc::new(Postgres::options(url)?.schema(schema)?.connect().await?)
            }
        })
    }

    /// A file that the bare client may have alone, with the same tables.
    pub(crate) async fn tables(&self) -> Result<(), Failure> {
        let store = self.store().await?;
        store.open(&[]).await?;
        store.close().await?;
        Ok(())
    }

    /// Removes a schema; a folder goes by itself.
    pub(crate) async fn remove(self) -> Result<(), Failure> {
        if let Self::Schema { url, schema } = &self {
            let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(url).await?;
            let drop = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
            sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut connection).await?;
        }
        Ok(())
    }
}
