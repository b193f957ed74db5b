//! apalis on PostgreSQL, in a database of its own: apalis names its schema itself.

use std::sync::Arc;
use std::time::Duration;

use apalis::prelude::{BackendExt, Strategy, WorkerBuilder, WorkerBuilderExt, WorkerContext};
use apalis_postgres::{Config, PostgresStorage, Pubsub};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::task::JoinHandle;

use crate::effect::{Count, Effect, TABLE, handle};
use crate::message::Happened;
use crate::{Cli, Failure};

/// A fresh database; `close` removes it.
pub(crate) struct Server {
    pool: PgPool,
    config: Config,
    options: PgConnectOptions,
    name: String,
}

impl Server {
    pub(crate) async fn open(cli: &Cli) -> Result<Self, Failure> {
        let url = std::env::var("ANYWISE_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let options: PgConnectOptions = url.parse()?;
        let name = format!("bench_apalis_{}", std::process::id());
        execute(&options, format!("CREATE DATABASE {name}")).await?;
        let pool = PgPoolOptions::new()
            .max_connections(cli.pool.unwrap_or(32))
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(options.clone().database(&name))
            .await?;
        PostgresStorage::setup(&pool).await?;
        sqlx::raw_sql(TABLE).execute(&pool).await?;
        durable(&pool).await?;
        let config = Config::default().queue("bench").batch_size(cli.batch).lock_tasks(cli.lock);
        Ok(Self { pool, config, options, name })
    }

    pub(crate) fn storage(&self) -> PostgresStorage<Happened> {
        PostgresStorage::new(&self.pool).with_config(self.config.clone())
    }

    pub(crate) fn effect(&self) -> Effect {
        Effect::Postgres(self.pool.clone())
    }

    /// A worker in the background, until its context is stopped.
    pub(crate) fn work(
        &self,
        context: &WorkerContext,
        effect: Effect,
        count: &Arc<Count>,
        cli: &Cli,
    ) -> JoinHandle<Result<(), Failure>> {
        let mut strategy = Strategy::new();
        if cli.listen {
            strategy = strategy.stream(Pubsub::new(self.pool.clone(), self.config.queue.to_string()));
        }
        let strategy = strategy.interval(Duration::from_millis(cli.poll));
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
        let count = "SELECT count(*) FROM apalis.jobs WHERE status = 'Done'";
        while sqlx::query_scalar::<_, i64>(count).fetch_one(&self.pool).await? < i64::try_from(events)? {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.pool.close().await;
        execute(&self.options, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }
}

/// Fails unless the server keeps what it commits.
async fn durable(pool: &PgPool) -> Result<(), Failure> {
    for setting in ["SHOW fsync", "SHOW synchronous_commit"] {
        let value: String = sqlx::query_scalar(setting).fetch_one(pool).await?;
        if value != "on" {
            return Err(format!("{setting}: expected on, found {value}").into());
        }
    }
    Ok(())
}

/// A statement outside the database of this run.
async fn execute(options: &PgConnectOptions, statement: String) -> Result<(), Failure> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}
