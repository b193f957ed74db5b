//! What is done to an application, job by job.

mod bomb;
mod brokers;
mod cuts;
mod failpoints;
mod full;
mod kills;
mod postgres;
mod storm;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Result;
use crate::check::Violation;
use crate::postgres::Server;
use crate::profile::Amounts;
use crate::seed::Seed;

/// What all jobs of a run share.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) dir: PathBuf,
    pub(crate) seed: u64,
    pub(crate) amounts: Amounts,
    pub(crate) server: Option<Arc<Server>>,
    /// A planted bug, for the children's environment.
    pub(crate) mutant: Option<String>,
}

impl Plan {
    /// Numbers for the part `name` of the run.
    pub(crate) fn seed(&self, name: &str) -> Seed {
        let salt =
            name.bytes().fold(7, |salt: u64, byte| salt.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Seed::new(self.seed).fork(salt)
    }

    /// A folder for the part `name` of the run.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A run of its own; on Postgres if there is a server and `postgres` says so.
    pub(crate) async fn rig(&self, name: &str, postgres: bool, nodes: usize) -> Result<crate::rig::Rig> {
        let url = match (&self.server, postgres) {
            (Some(server), true) => Some(server.database().await?),
            (None, true) => return Err("there is no Postgres".into()),
            _ => None,
        };
        let mut rig = crate::rig::Rig::new(&self.folder(name), url, nodes)?;
        if let Some(mutant) = &self.mutant {
            rig.spec = rig.spec.env("AW_MUTANT", mutant.clone());
        }
        Ok(rig)
    }
}

/// How a job went.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) iterations: u64,
    pub(crate) violations: Vec<Violation>,
    /// More to say.
    pub(crate) note: String,
    /// Messages that were suspected of ending processes that were killed.
    pub(crate) suspected: u64,
}

impl Report {
    /// A job of so many iterations.
    pub(crate) fn of(iterations: u64, violations: Vec<Violation>) -> Self {
        Self { iterations, violations, ..Self::default() }
    }

    fn add(&mut self, other: Self) {
        self.iterations += other.iterations;
        self.violations.extend(other.violations);
        self.suspected += other.suspected;
    }
}

/// A job that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) job: &'static str,
    pub(crate) report: Result<Report>,
    pub(crate) took: Duration,
}

impl Ended {
    pub(crate) fn is_good(&self) -> bool {
        self.report.as_ref().is_ok_and(|report| report.violations.is_empty())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_good() { "ok" } else { "FAILED" };
        let (iterations, note) = match &self.report {
            Ok(Report { iterations, note, suspected: 0, .. }) => (iterations.to_string(), note.clone()),
            Ok(Report { iterations, note, suspected, .. }) => {
                (iterations.to_string(), format!("{note} {suspected} innocents suspected"))
            }
            Err(error) => ("-".to_owned(), error.to_string()),
        };
        write!(
            f,
            "{:<18} {iterations:>9}  {verdict:<7} {:>6.1} s  {note}",
            self.job,
            self.took.as_secs_f64()
        )?;
        for violation in self.report.iter().flat_map(|report| &report.violations) {
            write!(f, "\n    {violation}")?;
        }
        Ok(())
    }
}

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Job {
    /// SIGKILL at random moments
    Kills,
    /// SIGKILL at each failpoint
    Failpoints,
    /// Power cuts, from recordings
    Cuts,
    /// Callers that go away
    Storm,
    /// A disk that is full
    Full,
    /// Messages that end the process
    Bomb,
    /// A broker that is killed, between two applications
    BrokerKills,
    /// A bad way to the broker
    BrokerFaults,
    /// Connections that are cut
    PgTerminate,
    /// Commits whose answer is lost
    PgCut,
    /// A server that crashes
    PgCrash,
    /// Nodes that stand still past their lease
    PgZombies,
    /// Nodes that are killed
    PgKills,
    /// SIGKILL at each failpoint, on Postgres
    PgFailpoints,
    /// Callers that go away, on Postgres
    PgStorm,
}

impl Job {
    /// All of a store.
    pub(crate) fn of(postgres: bool) -> &'static [Self] {
        if postgres {
            &[
                Self::PgTerminate,
                Self::PgCut,
                Self::PgCrash,
                Self::PgZombies,
                Self::PgKills,
                Self::PgFailpoints,
                Self::PgStorm,
            ]
        } else {
            &[
                Self::Kills,
                Self::Failpoints,
                Self::Cuts,
                Self::Storm,
                Self::Full,
                Self::Bomb,
                Self::BrokerKills,
                Self::BrokerFaults,
            ]
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kills => "kills",
            Self::Failpoints => "failpoints",
            Self::Cuts => "cuts",
            Self::Storm => "storm",
            Self::Full => "full",
            Self::Bomb => "bomb",
            Self::BrokerKills => "broker-kills",
            Self::BrokerFaults => "broker-faults",
            Self::PgTerminate => "pg-terminate",
            Self::PgCut => "pg-cut",
            Self::PgCrash => "pg-crash",
            Self::PgZombies => "pg-zombies",
            Self::PgKills => "pg-kills",
            Self::PgFailpoints => "pg-failpoints",
            Self::PgStorm => "pg-storm",
        }
    }

    /// Does it.
    pub(crate) async fn run(self, plan: &Plan) -> Ended {
        let began = Instant::now();
        let report = match self {
            Self::Kills => kills::run(plan).await,
            Self::Failpoints => failpoints::run(plan, false).await,
            Self::Cuts => cuts::run(plan).await,
            Self::Storm => storm::run(plan, false).await,
            Self::Full => full::run(plan).await,
            Self::Bomb => bomb::run(plan).await,
            Self::BrokerKills => brokers::kills(plan).await,
            Self::BrokerFaults => brokers::faults(plan).await,
            Self::PgTerminate => postgres::terminations(plan).await,
            Self::PgCut => postgres::cuts(plan).await,
            Self::PgCrash => postgres::crashes(plan).await,
            Self::PgZombies => postgres::zombies(plan).await,
            Self::PgKills => postgres::kills(plan).await,
            Self::PgFailpoints => failpoints::run(plan, true).await,
            Self::PgStorm => storm::run(plan, true).await,
        };
        Ended { job: self.name(), report, took: began.elapsed() }
    }
}

/// Removes what a good run left.
fn tidy(dir: &Path, report: &Report) {
    if report.violations.is_empty() {
        let _ = std::fs::remove_dir_all(dir);
    }
}
