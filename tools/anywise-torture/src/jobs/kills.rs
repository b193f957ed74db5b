//! SIGKILL at random moments, and during recovery.

use tokio::task::JoinSet;

use super::{Plan, Report, tidy};
use crate::Result;
use crate::load::{Load, Shape};
use crate::node::Node;
use crate::rig::Rig;
use crate::seed::Seed;

/// Runs that go on at the same time.
const LANES: usize = 2;
/// Every so manieth restart is killed before it is done.
const RECOVERY: u64 = 5;

pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let amounts = plan.amounts;
    let runs = amounts.kills.div_ceil(amounts.kills_a_run);
    let mut report = Report::default();
    let mut going = JoinSet::new();
    for number in 0..runs {
        if going.len() == LANES {
            report.add(going.join_next().await.expect("some are going")??);
        }
        let plan = plan.clone();
        going.spawn(async move { one(&plan, number, amounts.kills_a_run).await });
        if !report.violations.is_empty() {
            break;
        }
    }
    while let Some(done) = going.join_next().await {
        report.add(done??);
    }
    Ok(report)
}

async fn one(plan: &Plan, number: u64, kills: u64) -> Result<Report> {
    let name = format!("kills-{number}");
    let (mut rig, mut seed) = (plan.rig(&name, false, 1).await?, plan.seed(&name));
    // Where a commit takes as long as a process lives, one message may be at work in thirteen of them.
    rig.hurried = true;
    let load = Load::start(&rig.cluster, &rig.history, &seed, Shape::default(), 0);
    for kill in 0..kills {
        if kill % RECOVERY == RECOVERY - 1 {
            in_recovery(&rig, &mut seed).await?;
            continue;
        }
        rig.up(0).await?;
        tokio::time::sleep(seed.moment()).await;
        rig.history.nemesis("kill");
        rig.kill(0).await;
    }
    rig.up(0).await?;
    load.stop().await;
    let mut report = Report::of(kills, rig.finish().await?);
    report.suspected = rig.suspected();
    tidy(&rig.dir, &report);
    Ok(report)
}

/// Starts, and kills before it is ready, mostly.
async fn in_recovery(rig: &Rig, seed: &mut Seed) -> Result<()> {
    let node = Node::start(&rig.spec(0))?;
    tokio::time::sleep(std::time::Duration::from_micros(seed.pick(0..50_000))).await;
    rig.history.nemesis("kill in recovery");
    node.kill();
    node.wait().await;
    Ok(())
}
