//! What an application makes of a broker: every figure is a ratio to the broker's
//! own client doing the same at the same server in the same run.
//!
//! `cargo run --release -p bench-brokers -- rabbitmq` (or `nats`, `redis`, `kafka`,
//! `postgres`). `docs/benchmarks.md` says how to read them.

mod broker;
mod figures;
mod kafka;
mod nats;
mod ours;
mod place;
mod postgres;
mod rabbitmq;
mod redis;
mod request;
mod rounds;
mod tally;

use anywise_servers::NatsServer;
use bench::Table;
use clap::{Parser, ValueEnum};

use crate::broker::{Broker, Done};
use crate::place::Place;

/// Which broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The server of `ANYWISE_RABBITMQ_URL`
    Rabbitmq,
    /// A server of its own, the program of `ANYWISE_NATS_SERVER`
    Nats,
    /// Servers of its own, the program of `ANYWISE_REDIS_SERVER`: every write synced, and without a file
    Redis,
    /// The server of `ANYWISE_KAFKA_URL`
    Kafka,
    /// The server of `ANYWISE_POSTGRES`
    Postgres,
}

/// Measures applications at a broker against its bare client.
#[derive(Debug, Parser)]
struct Cli {
    /// What carries the events
    broker: Kind,
    /// Only figures whose words contain this
    only: Option<String>,
    /// Rounds of each figure; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Events in a round
    #[arg(long, default_value_t = 20_000)]
    events: usize,
    /// Seconds that 8 messages a second come in a round
    #[arg(long, default_value_t = 4)]
    seconds: usize,
}

#[tokio::main]
async fn main() -> Done {
    let cli = Cli::parse();
    let table = Table::begin(cli.only.clone());
    match cli.broker {
        Kind::Rabbitmq => measure::<rabbitmq::Bare>(&table, &cli, &rabbitmq::url()).await,
        Kind::Kafka => measure::<kafka::Bare>(&table, &cli, &kafka::url()).await,
        Kind::Postgres => measure::<postgres::Bare>(&table, &cli, &postgres::url()).await,
        Kind::Nats => {
            let server = NatsServer::start(&[]).ok_or("there is no NATS server")?;
            measure::<nats::Bare>(&table, &cli, &server.url()).await?;
            request::requests(&table, &cli, &server.url()).await
        }
        Kind::Redis => {
            for (name, settings) in redis::SERVERS {
                println!("{name}:");
                let folder = tempfile::tempdir()?;
                let server = redis::server(folder.path(), settings)?;
                measure::<redis::Bare>(&table, &cli, &format!("redis://{}", server.address())).await?;
            }
            Ok(())
        }
    }
}

/// All figures of one server; what was made there is removed, whatever happened.
async fn measure<B: Broker>(table: &Table, cli: &Cli, url: &str) -> Done {
    // Names of its own, that are names everywhere.
    let prefix = format!("bench{}", anywise::new_id().simple());
    let place = Place::<B>::open(url, &prefix).await?;
    let measured = all(table, cli, &place).await;
    place.close().await?;
    measured
}

async fn all<B: Broker>(table: &Table, cli: &Cli, place: &Place<B>) -> Done {
    figures::publish(table, cli, place).await?;
    figures::consume(table, cli, place).await?;
    figures::into_a_store(table, cli, place).await?;
    figures::trickle(table, cli, place).await
}
