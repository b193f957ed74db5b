//! The job of `bench/durable` on apalis: what it costs to keep a task, and to
//! have it handled. `bench/peers/README.md` says how to read the figures.
//!
//! It prints a line a figure: store, figure and rate a second, separated by tabs.

mod effect;
mod lite;
mod message;
mod publish;
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use apalis::prelude::WorkerContext;
use clap::{Parser, ValueEnum};
use tokio::task::JoinHandle;

use crate::effect::Effect;
use crate::lite::Lite;
use crate::server::Server;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A file below the working folder
    Sqlite,
    /// The server of `ANYWISE_POSTGRES`
    Postgres,
}

/// Measures apalis on the job of `bench/durable`.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    /// Where tasks are kept
    store: Kind,
    /// Only figures whose words contain this
    only: Option<String>,
    /// Tasks in a round
    #[arg(long, default_value_t = 20_000)]
    events: usize,
    /// Connections of the pool; by default 1 for a file and 32 for a server
    #[arg(long)]
    pool: Option<u32>,
    /// Tasks fetched at one time
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Handlers at one time
    #[arg(long, default_value_t = 64)]
    concurrency: usize,
    /// Milliseconds until an idle worker looks again
    #[arg(long, default_value_t = 50)]
    poll: u64,
    /// Mark a task as running before its handler runs, as apalis does by default
    #[arg(long)]
    lock: bool,
    /// Also wake the worker by LISTEN
    #[arg(long)]
    listen: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli = Cli::parse();
    for (figure, way) in [
        ("publish, 64 callers", Way::Callers),
        ("publish, one caller, 64 in a call", Way::Bulk),
        ("publish to handled", Way::Handled),
        ("publish to effect committed", Way::Effect),
    ] {
        if cli.only.as_ref().is_none_or(|only| figure.contains(only)) {
            let took = match cli.store {
                Kind::Sqlite => on_sqlite(way, &cli).await?,
                Kind::Postgres => on_postgres(way, &cli).await?,
            };
            print(cli.store, figure, cli.events, took);
        }
    }
    Ok(())
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Callers,
    Bulk,
    Handled,
    Effect,
}

async fn on_sqlite(way: Way, cli: &Cli) -> Result<Duration, Failure> {
    let lite = Lite::open(cli).await?;
    let (context, count) = (WorkerContext::new("bench"), Arc::default());
    let effect = if way == Way::Effect { lite.effect() } else { Effect::None };
    let began = Instant::now();
    match way {
        Way::Callers => publish::from_callers(&lite.storage(), cli.events).await?,
        Way::Bulk => publish::in_bulk(&lite.storage(), cli.events).await?,
        Way::Handled | Way::Effect => {
            let mut worker = lite.work(&context, effect, &count, cli);
            let all = async {
                publish::from_callers(&lite.storage(), cli.events).await?;
                count.reach(cli.events).await;
                lite.all_done(cli.events).await
            };
            until(&mut worker, all).await?;
            let took = began.elapsed();
            stop(&context, worker).await?;
            lite.close().await;
            return Ok(took);
        }
    }
    let took = began.elapsed();
    lite.close().await;
    Ok(took)
}

async fn on_postgres(way: Way, cli: &Cli) -> Result<Duration, Failure> {
    let server = Server::open(cli).await?;
    let measured = postgres_measured(&server, way, cli).await;
    server.close().await?;
    measured
}

async fn postgres_measured(server: &Server, way: Way, cli: &Cli) -> Result<Duration, Failure> {
    let (context, count) = (WorkerContext::new("bench"), Arc::default());
    let effect = if way == Way::Effect { server.effect() } else { Effect::None };
    let began = Instant::now();
    match way {
        Way::Callers => publish::from_callers(&server.storage(), cli.events).await?,
        Way::Bulk => publish::in_bulk(&server.storage(), cli.events).await?,
        Way::Handled | Way::Effect => {
            let mut worker = server.work(&context, effect, &count, cli);
            let all = async {
                publish::from_callers(&server.storage(), cli.events).await?;
                count.reach(cli.events).await;
                server.all_done(cli.events).await
            };
            until(&mut worker, all).await?;
            let took = began.elapsed();
            stop(&context, worker).await?;
            return Ok(took);
        }
    }
    Ok(began.elapsed())
}

/// Waits for `all`, and fails at once if the worker ends before.
async fn until(
    worker: &mut JoinHandle<Result<(), Failure>>,
    all: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    tokio::select! {
        all = all => all,
        ended = worker => Err(format!("the worker has ended early: {ended:?}").into()),
    }
}

async fn stop(context: &WorkerContext, worker: JoinHandle<Result<(), Failure>>) -> Result<(), Failure> {
    context.stop()?;
    worker.await?
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn print(store: Kind, figure: &str, events: usize, took: Duration) {
    let store = if store == Kind::Sqlite { "sqlite" } else { "postgres" };
    println!("apalis-{store}\t{figure}\t{:.0}", events as f64 / took.as_secs_f64());
}
