//! A disk that is full, and has room again.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Plan, Report, tidy};
use crate::Result;
use crate::check::Violation;
use crate::history::{Ask, Op, Told};
use crate::load::{Load, Shape};
use crate::rig::Rig;

/// Pages of the database at most: 6 MiB.
const PAGES: u32 = 1_536;
/// It takes messages again so long after there is room.
const AGAIN: Duration = Duration::from_secs(2);
/// Every so manieth cycle ends with a kill.
const KILL: u64 = 10;

pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let (mut rig, seed) = (plan.rig("full", false, 1).await?, plan.seed("full"));
    rig.spec.pages = Some(PAGES);
    rig.up(0).await?;
    let shape = Shape { producers: 4, poison: false, replay: false, ..Shape::default() };
    let load = Load::start(&rig.cluster, &rig.history, &seed, shape, 0);
    let mut report = Report::default();
    let mut codes = std::collections::BTreeSet::new();
    for cycle in 0..plan.amounts.full {
        report.iterations += 1;
        codes.extend(fill(&rig).await?);
        tokio::time::sleep(Duration::from_millis(30)).await;
        if cycle % KILL == KILL - 1 {
            rig.kill(0).await;
            rig.up(0).await?;
        }
        call(&rig, json!({"op": "free"})).await;
        let began = Instant::now();
        while !put(&rig, cycle).await {
            if began.elapsed() > AGAIN {
                let what = format!("cycle {cycle}: nothing is taken {AGAIN:?} after there was room");
                report.violations.push(Violation { invariant: "P20", what });
                break;
            }
            // The room may have been given back by nobody yet.
            call(&rig, json!({"op": "free"})).await;
        }
        if !report.violations.is_empty() {
            break;
        }
    }
    load.stop().await;
    report.violations.extend(rig.finish().await?);
    report.note = format!("refused with {}", codes.into_iter().collect::<Vec<_>>().join(", "));
    if !report.note.contains("AW7005") {
        let what = format!("a full disk is not said to be full: {}", report.note);
        report.violations.push(Violation { invariant: "P20", what });
    }
    tidy(&rig.dir, &report);
    Ok(report)
}

/// Takes up room until there is none; says with which codes it was refused.
async fn fill(rig: &Rig) -> Result<Vec<String>> {
    for kilobytes in std::iter::repeat_n(512, 64).chain([64, 64, 8, 8]) {
        let answer = call(rig, json!({"op": "fill", "amount": kilobytes})).await;
        if answer["r"] != "ok" {
            return Ok(vec![answer["code"].as_str().unwrap_or("no answer").to_owned()]);
        }
    }
    Err("the database does not become full".into())
}

async fn put(rig: &Rig, cycle: u64) -> bool {
    let (id, amount) = (format!("p999-{cycle}"), 1);
    let op = Op { ask: Ask::Put, producer: 999, number: cycle, key: "k0".into(), amount };
    rig.history.invoke(&id, &op);
    let request = json!({"op": "put", "id": id, "key": "k0", "amount": amount, "once": true});
    let answer = call(rig, request).await;
    let told = match answer["r"].as_str() {
        Some("ok") => Told::Ok,
        Some("fail") => Told::Fail,
        _ => Told::Info,
    };
    rig.history.told(&id, told, answer["code"].as_str().unwrap_or_default());
    told == Told::Ok
}

async fn call(rig: &Rig, request: Value) -> Value {
    let Some(node) = rig.cluster.get(0) else { return Value::Null };
    let answer = tokio::time::timeout(Duration::from_secs(5), node.call(request)).await;
    answer.ok().flatten().unwrap_or_default()
}
