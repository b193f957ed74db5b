//! Kills anywise applications at every instant and checks what is left of them.
//!
//! The parent is the client: it asks, writes down what it was told, and does
//! harm. Its children are real applications on real stores. What they leave is
//! compared with what was promised, by invariants with names.

mod across;
mod check;
mod evidence;
mod far;
mod history;
mod jobs;
mod link;
mod load;
mod mutants;
mod node;
mod pair;
mod planted;
mod postgres;
mod powercut;
mod profile;
mod proxy;
mod rig;
mod seed;
mod shop;
mod slice;
mod store;
mod sut;
mod yonder;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};

use crate::jobs::{Ended, Job, Plan};
use crate::profile::Profile;

/// Whatever goes wrong in the harness itself.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Kills applications, and checks what is left of them.
#[derive(Debug, Parser)]
#[command(name = "torture")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do the jobs of a profile
    Run(Run),
    /// Do the same as an earlier run
    Replay(Run),
    /// See that planted bugs are found
    Mutants {
        #[command(flatten)]
        run: Run,
        /// Only these
        #[arg(long = "mutant")]
        names: Vec<String>,
    },
    /// Kill the shop under load
    Shop {
        #[command(flatten)]
        options: shop::Options,
        /// So many times
        #[arg(long, default_value_t = 200)]
        kills: u64,
        /// What everything is picked from
        #[arg(long)]
        seed: Option<u64>,
    },
    /// List the failpoints
    Failpoints,
    /// The child
    #[command(hide = true)]
    Sut(sut::Options),
}

#[derive(Clone, Debug, clap::Args)]
struct Run {
    /// Which store
    #[arg(long, value_enum, default_value_t = Store::All)]
    store: Store,
    /// How much of everything
    #[arg(long, value_enum, default_value_t = Profile::Ci)]
    profile: Profile,
    /// What everything is picked from
    #[arg(long)]
    seed: Option<u64>,
    /// Only these jobs
    #[arg(long, value_enum)]
    only: Vec<Job>,
    /// The shop's program, to be killed too
    #[arg(long)]
    shop: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
    All,
}

impl Run {
    fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(chance)
    }

    fn jobs(&self, postgres: bool) -> Vec<Job> {
        let wanted = match self.store {
            Store::Sqlite => !postgres,
            Store::Postgres => postgres,
            Store::All => true,
        };
        let all = Job::of(postgres).iter().copied();
        all.filter(|job| if self.only.is_empty() { wanted } else { self.only.contains(job) }).collect()
    }

    fn dir(&self, seed: u64) -> PathBuf {
        let base = self.dir.clone().unwrap_or_else(|| std::env::temp_dir().join("torture"));
        base.join(format!("run-{seed}-{}", std::process::id()))
    }
}

/// A seed that nobody has chosen.
fn chance() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_nanosecond() % 1_000_000_007).unwrap_or(1)
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(Box::pin(act(command))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(error.as_ref()),
    }
}

fn failed(error: &(dyn std::error::Error + Send + Sync)) -> ExitCode {
    eprintln!("torture: {error}");
    ExitCode::from(2)
}

async fn act(command: Command) -> Result<bool> {
    match command {
        Command::Run(run) | Command::Replay(run) => torture(run).await,
        Command::Mutants { run, names } => {
            let seed = run.seed();
            mutants::run(run.dir(seed), seed, &names).await
        }
        Command::Shop { options, kills, seed } => {
            let ended = shop::run(&options, kills, seed.unwrap_or_else(chance)).await;
            table(std::slice::from_ref(&ended), ended.took);
            Ok(ended.is_good())
        }
        Command::Failpoints => {
            for name in anywise_sql::failpoints() {
                println!("{name}");
            }
            Ok(true)
        }
        Command::Sut(options) => {
            sut::log();
            sut::run(options).await.map(|()| true)
        }
    }
}

/// Does the jobs of both stores, each store in a lane of its own.
async fn torture(run: Run) -> Result<bool> {
    let seed = run.seed();
    println!("seed {seed}");
    let (sqlite, postgres) = (run.jobs(false), run.jobs(true));
    let dir = run.dir(seed);
    let server =
        if postgres.is_empty() { None } else { Some(Arc::new(postgres::Server::start(&dir).await?)) };
    let amounts = run.profile.amounts();
    let plan = Plan { dir: dir.clone(), seed, amounts, server: server.clone(), mutant: None };
    let began = Instant::now();
    let first = async {
        let mut ended = lane(&plan, &sqlite).await;
        if let Some(binary) = &run.shop {
            let options = shop::Options { binary: Some(binary.clone()), ..shop::Options::default() };
            ended.push(shop::run(&options, amounts.shop_kills, seed).await);
            println!("{}", ended[ended.len() - 1]);
        }
        ended
    };
    let (mut ended, others) = tokio::join!(first, lane(&plan, &postgres));
    ended.extend(others);
    if let Some(server) = &server {
        server.stop().await?;
    }
    table(&ended, began.elapsed());
    let good = ended.iter().all(Ended::is_good);
    if good {
        let _ = std::fs::remove_dir_all(&dir);
    } else {
        let bad = ended.iter().filter(|one| !one.is_good()).map(|one| format!(" --only {}", one.job));
        let bad: String = bad.collect();
        println!(
            "kept in {}\ntorture replay --seed {seed} --profile {}{bad}",
            dir.display(),
            run.profile.name()
        );
    }
    Ok(good)
}

async fn lane(plan: &Plan, jobs: &[Job]) -> Vec<Ended> {
    let mut ended = Vec::new();
    for job in jobs {
        let one = job.run(plan).await;
        println!("{one}");
        ended.push(one);
    }
    ended
}

fn table(ended: &[Ended], took: Duration) {
    println!("\n{:<18} {:>9}  {:<7} {:>8}", "job", "times", "verdict", "time");
    for one in ended {
        println!("{one}");
    }
    let bad = ended.iter().filter(|one| !one.is_good()).count();
    println!("{} jobs, {bad} failed, {:.0} s", ended.len(), took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_made() {
        super::Cli::command().debug_assert();
    }
}
