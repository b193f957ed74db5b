//! Callers that go away at any await, and what they leave.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Plan, Report, tidy};
use crate::Result;
use crate::check::Violation;
use crate::load::{Load, Shape};

pub(crate) async fn run(plan: &Plan, postgres: bool) -> Result<Report> {
    let part = if postgres { "pg-storm" } else { "storm" };
    let (rig, seed) = (plan.rig(part, postgres, 1).await?, plan.seed(part));
    rig.up(0).await?;
    let shape =
        Shape { producers: 16, rest: Duration::from_millis(1), dropped: 85, poison: false, replay: false };
    let load = Load::start(&rig.cluster, &rig.history, &seed, shape, 0);
    let asked = std::sync::Arc::clone(&load.asked);
    while asked.load(Ordering::Relaxed) < plan.amounts.storm {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    load.stop().await;
    let mut stuck = 0;
    if let (Some(server), Some(url)) = (&plan.server, &rig.spec.postgres) {
        stuck = server.idle_in_transaction(url).await?;
    }
    // Whoever comes after them is served as if nothing had happened.
    let calm = Shape { dropped: 0, poison: false, replay: false, ..Shape::default() };
    let after = Load::start(&rig.cluster, &rig.history, &seed.fork(2), calm, 100);
    tokio::time::sleep(Duration::from_millis(300)).await;
    after.stop().await;
    let mut report = Report::of(asked.load(Ordering::Relaxed), rig.finish().await?);
    let answered = rig.history.entries();
    let answered = answered.values().filter(|entry| entry.op.producer >= 100);
    if answered.clone().count() == 0 || !answered.clone().any(crate::history::Entry::acked) {
        let what = "after the storm nobody was served".to_owned();
        report.violations.push(Violation { invariant: "P16", what });
    }
    if stuck > 0 {
        let what = format!("{stuck} connections are idle in a transaction");
        report.violations.push(Violation { invariant: "P16", what });
    }
    tidy(&rig.dir, &report);
    Ok(report)
}
