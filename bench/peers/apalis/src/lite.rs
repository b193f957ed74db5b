//! apalis on an SQLite file.
//!
//! The tables are made by the migrations alone. `SqliteStorage::setup` would
//! also switch `synchronous` off on one of the pool's connections; its other
//! settings are made here, on every connection.

use std::sync::Arc;
use std::time::Duration;

use apalis::prelude::{BackendExt, Strategy, WorkerBuilder, WorkerBuilderExt, WorkerContext};
use apalis_sqlite::{Config, SqliteStorage};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqliteConnection, SqlitePool};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::effect::{Count, Effect, TABLE, handle};
use crate::message::Happened;
use crate::{Cli, Failure};

/// A fresh file, gone when dropped.
pub(crate) struct Lite {
    pool: SqlitePool,
    config: Config,
    _folder: TempDir,
}

impl Lite {
    pub(crate) async fn open(cli: &Cli) -> Result<Self, Failure> {
        // Beside the working folder: a folder for temporary files may be memory.
        let folder = tempfile::tempdir_in(".")?;
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("bench.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(60))
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "64000")
            .pragma("journal_size_limit", "67108864");
        let pool = SqlitePoolOptions::new()
            .max_connections(cli.pool.unwrap_or(1))
            .acquire_timeout(Duration::from_secs(60))
            .after_connect(|connection, _| Box::pin(durable(connection)))
            .connect_with(options)
            .await?;
        SqliteStorage::migrations().run(&pool).await?;
        sqlx::raw_sql(TABLE).execute(&pool).await?;
        let config = Config::default().queue("bench").batch_size(cli.batch).lock_tasks(cli.lock);
        Ok(Self { pool, config, _folder: folder })
    }

    pub(crate) fn storage(&self) -> SqliteStorage<Happened> {
        SqliteStorage::new(&self.pool).with_config(self.config.clone())
    }

    pub(crate) fn effect(&self) -> Effect {
        Effect::Sqlite(self.pool.clone())
    }

    /// A worker in the background, until its context is stopped.
    pub(crate) fn work(
        &self,
        context: &WorkerContext,
        effect: Effect,
        count: &Arc<Count>,
        cli: &Cli,
    ) -> JoinHandle<Result<(), Failure>> {
        let strategy = Strategy::new().interval(Duration::from_millis(cli.poll));
        let worker = WorkerBuilder::new(context)
            .backend(self.storage().poll_with_strategy(strategy))
            .concurrency(cli.concurrency)
            .data(effect)
            .data(Arc::clone(count))
            .build(handle);
        tokio::spawn(async move { Ok(worker.run().await?) })
    }

    /// Waits until so many jobs are marked done.
    pub(crate) async fn all_done(&self, events: usize) -> Result<(), Failure> {
        let count = "SELECT count(*) FROM Jobs WHERE status = 'Done'";
        while sqlx::query_scalar::<_, i64>(count).fetch_one(&self.pool).await? < i64::try_from(events)? {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    pub(crate) async fn close(self) {
        self.pool.close().await;
    }
}

/// Fails unless the connection keeps what it commits.
async fn durable(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
    if synchronous == 2 && journal == "wal" {
        return Ok(());
    }
    let found = format!("expected WAL and synchronous=FULL, found {journal} and {synchronous}");
    Err(sqlx::Error::Configuration(found.into()))
}
