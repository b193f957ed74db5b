//! SIGKILL at each failpoint, each so many times.

use std::time::Duration;

use super::{Plan, Report, tidy};
use crate::Result;
use crate::check::Violation;
use crate::load::{Load, Shape};
use crate::node::Node;
use crate::rig::Rig;

/// Points that only one of the stores has.
const POSTGRES_ONLY: &[&str] = &["lease.before_renew", "lease.after_expiry"];
const SQLITE_ONLY: &[&str] =
    &["ckpt.before", "ckpt.after", "batch.before_fsync", "batch.after_fsync_before_reply"];
/// Points that are passed when there is nothing yet.
const FRESH: &[&str] = &["migrate.each_statement"];
/// Points that are passed when a node stops in order.
const STOPPING: &[&str] = &["shutdown.after_stop_accept", "shutdown.before_release"];
/// How long a point may take to be passed.
const PATIENCE: Duration = Duration::from_secs(4);

/// The points of a store.
pub(crate) fn names(postgres: bool) -> Vec<&'static str> {
    let others = if postgres { SQLITE_ONLY } else { POSTGRES_ONLY };
    anywise_sql::failpoints().iter().copied().filter(|name| !others.contains(name)).collect()
}

pub(crate) async fn run(plan: &Plan, postgres: bool) -> Result<Report> {
    let hits = if postgres { 1 } else { plan.amounts.hits };
    let part = if postgres { "pg-failpoints" } else { "failpoints" };
    let (mut rig, mut seed) = (plan.rig(part, postgres, 1).await?, plan.seed(part));
    rig.hurried = true;
    let shape = Shape { rest: Duration::from_millis(4), ..Shape::default() };
    let load = Load::start(&rig.cluster, &rig.history, &seed, shape, 0);
    let mut report = Report::default();
    let (mut points, mut missed) = (0, Vec::new());
    for name in names(postgres) {
        points += 1;
        let mut count = 0;
        for attempt in 0..hits + 3 {
            let often = attempt < hits && !STOPPING.contains(&name);
            let pass = if often { seed.pick(1..12) } else { 1 };
            let hit = if FRESH.contains(&name) {
                fresh(plan, postgres, name, &format!("{part}-{attempt}"), attempt + 1).await?
            } else {
                hit(&rig, name, pass).await?
            };
            count += u64::from(hit);
            if count == hits {
                break;
            }
        }
        report.iterations += count;
        if count < hits {
            missed.push(format!("{name} {count}/{hits}"));
        }
    }
    rig.up(0).await?;
    load.stop().await;
    report.violations = rig.finish().await?;
    report.suspected = rig.suspected();
    if !missed.is_empty() {
        let what = format!("failpoints that were never passed, or too seldom: {}", missed.join(", "));
        report.violations.push(Violation { invariant: "hits", what });
    }
    report.note = format!("{points} points");
    tidy(&rig.dir, &report);
    Ok(report)
}

/// Lets a node die at the point; says whether it did.
async fn hit(rig: &Rig, name: &str, pass: u64) -> Result<bool> {
    rig.history.nemesis(name);
    let spec = rig.spec(0).env("AW_FP", format!("{name}=kill@{pass}"));
    let node = Node::start(&spec)?;
    if node.ready().await.is_err() {
        return Ok(node.wait().await.contains("signal: 9"));
    }
    rig.cluster.set(0, Some(node.clone()));
    if STOPPING.contains(&name) {
        // It dies before it has answered.
        drop(node.stop().await);
    }
    let hit = node.wait_for(PATIENCE).await;
    rig.kill(0).await;
    Ok(hit)
}

/// The same on an empty store, which must be fit for use afterwards.
async fn fresh(plan: &Plan, postgres: bool, name: &str, part: &str, pass: u64) -> Result<bool> {
    let rig = plan.rig(part, postgres, 1).await?;
    let hit = hit(&rig, name, pass).await?;
    rig.up(0).await?;
    let violations = rig.finish().await?;
    let _ = std::fs::remove_dir_all(&rig.dir);
    match violations.first() {
        None => Ok(hit),
        Some(violation) => Err(format!("after {name}: {violation}").into()),
    }
}
