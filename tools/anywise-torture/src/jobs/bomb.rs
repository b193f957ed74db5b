//! Messages that end the process: given up after a few, others handled.

use serde_json::json;

use super::{Plan, Report, tidy};
use crate::Result;
use crate::check::Violation;
use crate::load::{Load, Shape};
use crate::rig::Rig;

/// Processes one bomb may end: three among others, ten alone, and some that
/// ended before its claim was known to have begun.
const MOST: u64 = 16;

pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let mut report = Report::default();
    for number in 0..plan.amounts.bombs {
        let name = format!("bomb-{number}");
        let (rig, seed) = (plan.rig(&name, false, 1).await?, plan.seed(&name));
        let one = one(&rig, &seed).await?;
        tidy(&rig.dir, &one);
        report.add(one);
    }
    Ok(report)
}

async fn one(rig: &Rig, seed: &crate::seed::Seed) -> Result<Report> {
    let node = rig.up(0).await?;
    let load = Load::start(
        &rig.cluster,
        &rig.history,
        seed,
        Shape { poison: false, replay: false, ..Shape::default() },
        0,
    );
    node.call(json!({"op": "bomb", "id": "bomb"})).await;
    let mut deaths = 0;
    while deaths <= MOST {
        let running = rig.cluster.get(0).filter(|node| !node.has_ended());
        let node = if let Some(node) = running {
            node
        } else if let Ok(node) = rig.up(0).await {
            node
        } else {
            deaths += 1;
            continue;
        };
        if dead(&node).await {
            break;
        }
        if node.wait_for(std::time::Duration::from_millis(50)).await {
            rig.cluster.set(0, None);
            deaths += 1;
        }
    }
    if deaths > MOST {
        load.abort();
        let what = format!("{deaths} processes were ended by one message, and it is not given up");
        return Ok(Report::of(deaths, vec![Violation { invariant: "I7", what }]));
    }
    if rig.cluster.get(0).is_none_or(|node| node.has_ended()) {
        rig.up(0).await?;
    }
    load.stop().await;
    let mut found = rig.settle(false).await?;
    let before = found.dead.len();
    found.dead.retain(|dead| dead.id != "bomb");
    let mut report = Report::of(deaths, crate::check::check(&rig.history.entries(), &found));
    if before != found.dead.len() + 1 {
        let what =
            format!("after {deaths} processes the message that ends them is not among the dead letters");
        report.violations.push(Violation { invariant: "I7", what });
    }
    Ok(report)
}

/// Whether the bomb is a dead letter.
async fn dead(node: &crate::node::Node) -> bool {
    let answer = node.call(json!({"op": "dead"})).await.unwrap_or_default();
    answer["d"].as_array().is_some_and(|letters| letters.iter().any(|letter| letter["id"] == "bomb"))
}
