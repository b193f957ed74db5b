//! Planted bugs: the tests of the tests.
//!
//! Each is switched on in the children by its name, and must be found by the
//! invariant it breaks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::Result;
use crate::jobs::{Job, Plan};
use crate::postgres::Server;
use crate::profile::{Amounts, Profile};

/// A planted bug.
struct Mutant {
    /// Its number in the list of bugs that must be found.
    number: u32,
    name: &'static str,
    /// Where it must be found.
    job: Job,
    /// What it breaks: one of these.
    breaks: &'static [&'static str],
}

const fn mutant(number: u32, name: &'static str, job: Job, breaks: &'static [&'static str]) -> Mutant {
    Mutant { number, name, job, breaks }
}

const MUTANTS: &[Mutant] = &[
    mutant(1, "ack_before_commit", Job::Kills, &["I1"]),
    mutant(2, "synchronous_normal", Job::Cuts, &["I1"]),
    mutant(4, "no_fence", Job::PgZombies, &["I3", "I9"]),
    mutant(4, "no_inbox", Job::Kills, &["I3"]),
    mutant(6, "outbox_after_commit", Job::Kills, &["I1", "I10"]),
    mutant(8, "lease_without_epoch", Job::PgZombies, &["I3", "I9"]),
    mutant(9, "followers_not_blocked", Job::Kills, &["I5"]),
    mutant(10, "high_water_mark", Job::PgTerminate, &["I1", "I6"]),
    mutant(11, "attempts_after_handler", Job::Bomb, &["I7"]),
    mutant(12, "ambiguous_is_failure", Job::PgCut, &["I3", "I4", "I7"]),
    mutant(12, "number_without_life", Job::PgCrash, &["I1"]),
    mutant(13, "dropped_and_reused", Job::PgStorm, &["I1", "I3", "I10", "P16"]),
    mutant(16, "reply_before_fsync", Job::Cuts, &["I1"]),
    mutant(3, "ack_before_take", Job::BrokerKills, &["I1", "I5"]),
    mutant(4, "no_inbox", Job::BrokerKills, &["I3"]),
    mutant(5, "inbox_by_id", Job::BrokerKills, &["I1"]),
    mutant(7, "mark_before_publish", Job::BrokerKills, &["I1"]),
    mutant(9, "sink_without_order", Job::BrokerFaults, &["I5"]),
    mutant(14, "short_memory", Job::BrokerKills, &["I3"]),
    mutant(20, "timer_without_fence", Job::Kills, &["I3"]),
];

/// Less of everything: a planted bug is found soon, or not at all.
fn amounts() -> Amounts {
    Amounts {
        kills: 120,
        kills_a_run: 40,
        cuts: 200,
        recordings: 2,
        terminations: 200,
        restarts: 60,
        zombies: 12,
        bombs: 1,
        ..Profile::Ci.amounts()
    }
}

/// Plants each bug, or those with the given names.
pub(crate) async fn run(dir: PathBuf, seed: u64, names: &[String]) -> Result<bool> {
    println!("seed {seed}");
    let wanted = |mutant: &&Mutant| names.is_empty() || names.iter().any(|name| name == mutant.name);
    let server = Arc::new(Server::start(&dir).await?);
    let (mut all, mut caught) = (0, 0);
    for mutant in MUTANTS.iter().filter(wanted) {
        all += 1;
        caught += u32::from(one(mutant, &dir, seed, &server).await);
    }
    server.stop().await?;
    println!("{caught} of {all} planted bugs caught");
    if caught == all {
        let _ = std::fs::remove_dir_all(&dir);
    }
    Ok(caught == all)
}

async fn one(mutant: &Mutant, dir: &std::path::Path, seed: u64, server: &Arc<Server>) -> bool {
    let began = Instant::now();
    let plan = Plan {
        dir: dir.join(mutant.name),
        seed,
        amounts: amounts(),
        server: Some(Arc::clone(server)),
        mutant: Some(mutant.name.to_owned()),
    };
    let ended = mutant.job.run(&plan).await;
    let found: Vec<_> = ended.report.iter().flat_map(|report| &report.violations).collect();
    let by = found.iter().find(|violation| mutant.breaks.contains(&violation.invariant));
    let verdict = match (&ended.report, by) {
        (_, Some(violation)) => format!("caught by {violation}"),
        (Err(error), _) => format!("SURVIVED: the job could not be done: {error}"),
        _ if found.is_empty() => "SURVIVED".to_owned(),
        _ => format!("SURVIVED: found only {}", found[0]),
    };
    let took = began.elapsed().as_secs_f64();
    println!("{:>2} {:<24} {:<14} {took:>6.1} s  {verdict}", mutant.number, mutant.name, ended.job);
    by.is_some()
}
