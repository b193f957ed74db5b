//! What it costs to keep a message: every figure is a ratio to the bare client
//! doing the same SQL on the same disk in the same run.
//!
//! `cargo run --release -p bench-durable -- sqlite` (or `postgres`).
//! `docs/benchmarks.md` says how to read them.

mod bare;
mod figures;
mod ours;
mod place;

use bench::Table;
use clap::{Parser, ValueEnum};

use crate::place::Place;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// An embedded file in the folder for temporary files
    Sqlite,
    /// The server of `ANYWISE_POSTGRES`
    Postgres,
}

/// Measures the durable store against its bare client.
#[derive(Debug, Parser)]
struct Cli {
    /// Where messages are kept
    store: Kind,
    /// Only figures whose words contain this
    only: Option<String>,
    /// Rounds of each pair; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Events in a round
    #[arg(long, default_value_t = 20_000)]
    events: usize,
    /// Rows of the long backlog
    #[arg(long, default_value_t = 1_000_000)]
    backlog: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let cli = Cli::parse();
    let place = Place::new(cli.store == Kind::Sqlite);
    let table = Table::begin(cli.only.clone());
    figures::publish(&table, &place, &cli).await?;
    figures::alone(&table, &place, &cli).await?;
    figures::end_to_end(&table, &place, &cli).await?;
    figures::relay(&table, &place, &cli).await?;
    figures::backlog(&table, &place, &cli).await?;
    Ok(())
}
