//! Power cuts, made up from what a child wrote.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sqlx::{AnyConnection, Connection as _, Row as _};

use super::{Plan, Report, tidy};
use crate::Result;
use crate::check::{Violation, check};
use crate::evidence::Evidence;
use crate::history::{Ask, Entries, Entry};
use crate::load::{Load, Shape};
use crate::powercut::{Disk, Mode, Recording, shim};
use crate::rig::{Rig, rows, sqlite_url};
use crate::seed::Seed;

/// How long each recording is.
const LENGTH: Duration = Duration::from_millis(1_200);
/// Every so manieth image is given to an application, which must finish.
const REVIVED: usize = 60;

pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let mut report = Report::default();
    let mut sizes = Vec::new();
    let each = plan.amounts.cuts.div_ceil(usize::try_from(plan.amounts.recordings)?);
    let library = {
        std::fs::create_dir_all(&plan.dir)?;
        shim(&plan.dir).await?
    };
    for number in 0..plan.amounts.recordings {
        let name = format!("cuts-{number}");
        let rig = plan.rig(&name, false, 1).await?;
        let recording = record(plan, &rig, &library, &name).await?;
        sizes.push(format!("{} writes, {} syncs", recording.len(), recording.syncs()));
        let part = check_cuts(&rig, &recording, each, &mut plan.seed(&name).fork(9)).await?;
        tidy(&rig.dir, &part);
        report.add(part);
        if !report.violations.is_empty() {
            break;
        }
    }
    report.note = sizes.join("; ");
    Ok(report)
}

/// Records two processes, one after the other, on the same files.
async fn record(plan: &Plan, rig: &Rig, library: &Path, name: &str) -> Result<Recording> {
    let log = rig.dir.join("writes.log");
    let text = |path: &Path| path.display().to_string();
    let spec = rig.spec(0).env("LD_PRELOAD", text(library)).env("POWERCUT_DIR", text(&rig.dir));
    let mut spec = spec.env("POWERCUT_LOG", text(&log)).env("POWERCUT_SYNC_US", "1500");
    if plan.mutant.as_deref() == Some("synchronous_normal") {
        spec = spec.env("TORTURE_SYNCHRONOUS", "NORMAL");
    }
    let load = Load::start(&rig.cluster, &rig.history, &plan.seed(name), Shape::default(), 0);
    for _ in 0..2 {
        rig.up_as(0, &spec).await?;
        tokio::time::sleep(LENGTH).await;
        rig.kill(0).await;
    }
    // The load finds nobody any more.
    load.abort();
    Recording::read(&log)
}

/// Cuts at `each` points in both modes.
async fn check_cuts(rig: &Rig, recording: &Recording, each: usize, seed: &mut Seed) -> Result<Report> {
    if recording.syncs() == 0 {
        return Err("the shim saw no sync: is it loaded?".into());
    }
    let cuts: BTreeSet<_> = (0..each).map(|_| seed.index(recording.len())).collect();
    let mut cuts: Vec<_> = cuts.into_iter().collect();
    while cuts.len() < each {
        cuts.push(seed.index(recording.len()));
    }
    cuts.sort_unstable();
    let mut images = Vec::new();
    let (base, mut number) = (rig.dir.join("images"), 0);
    recording.replay(&cuts, |cut, disk| {
        for mode in [Mode::Lose, Mode::Torn] {
            let dir = base.join(format!("{number}"));
            number += 1;
            std::fs::create_dir_all(&dir)?;
            disk.rebuild(mode, seed, &rig.dir, &dir)?;
            images.push(Image { cut, mode, dir, acked: acked(disk) });
        }
        Ok(())
    })?;
    let entries = Arc::new(rig.history.entries());
    let mut report = Report { iterations: images.len() as u64, ..Report::default() };
    for pair in images.chunks(2 * 64) {
        let (left, right) = pair.split_at(pair.len() / 2);
        let both = tokio::join!(look_at(left, &entries), look_at(right, &entries));
        report.violations.extend(both.0?);
        report.violations.extend(both.1?);
        if !report.violations.is_empty() {
            return Ok(report);
        }
    }
    for image in images.iter().step_by(REVIVED) {
        report.violations.extend(revive(image, &entries).await?);
        if !report.violations.is_empty() {
            break;
        }
    }
    Ok(report)
}

/// The files after one cut.
struct Image {
    cut: usize,
    mode: Mode,
    dir: std::path::PathBuf,
    /// What the client had been told by then.
    acked: HashSet<String>,
}

/// The ids of the requests that were answered with success.
fn acked(disk: &Disk) -> HashSet<String> {
    let lines = disk.said.iter().flat_map(|said| said.lines());
    let answers = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let good = answers.filter(|answer| answer["r"] == "ok" && answer["d"]["fired"] != Value::Bool(false));
    good.filter_map(|answer| Some(answer["id"].as_str()?.to_owned())).collect()
}

async fn look_at(images: &[Image], entries: &Entries) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for image in images {
        let found = match inside(image, entries).await {
            Ok(found) => found,
            Err(error) => {
                vec![Violation { invariant: "I10", what: format!("the database cannot be read: {error}") }]
            }
        };
        violations.extend(found.into_iter().map(|violation| {
            let what =
                format!("cut {} ({:?}, {}): {}", image.cut, image.mode, image.dir.display(), violation.what);
            Violation { what, ..violation }
        }));
    }
    Ok(violations)
}

/// What is wrong inside one image.
async fn inside(image: &Image, entries: &Entries) -> Result<Vec<Violation>> {
    let path = image.dir.join("torture.db");
    let url = sqlite_url(&path);
    if !has_tables(&url, &path).await? {
        let lost: Vec<_> = image.acked.iter().filter(|id| entries.contains_key(*id)).collect();
        let what = format!("{} acked, and there are no tables", lost.len());
        return Ok(if lost.is_empty() { Vec::new() } else { vec![Violation { invariant: "I1", what }] });
    }
    let found = rows(&url, true).await?;
    let waiting = Waiting::read(&url).await?;
    Ok(examine(&found, &waiting, image, entries))
}

async fn has_tables(url: &str, path: &Path) -> Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let mut connection = AnyConnection::connect(url).await?;
    let query =
        "SELECT count(*) FROM sqlite_master WHERE name IN ('effect', 'business', 'balance', 'aw_delivery')";
    let count: i64 = sqlx::query_scalar(query).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(count == 4)
}

/// Deliveries and dead letters, by the function they are for and the id in
/// their message.
struct Waiting(HashSet<(String, String)>);

impl Waiting {
    async fn read(url: &str) -> Result<Self> {
        let mut connection = AnyConnection::connect(url).await?;
        let mut waiting = HashSet::new();
        for query in [
            "SELECT target, body FROM aw_delivery",
            "SELECT target, body FROM aw_dead WHERE state = 'open' OR state = 0",
        ] {
            for row in sqlx::query(query).fetch_all(&mut connection).await? {
                let (target, body): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                let function = target.rsplit("::").next().unwrap_or_default().to_owned();
                waiting.insert((function, body["id"].as_str().unwrap_or_default().to_owned()));
            }
        }
        connection.close().await?;
        Ok(Self(waiting))
    }

    fn has(&self, function: &str, id: &str) -> bool {
        self.0.contains(&(function.to_owned(), id.to_owned()))
    }
}

fn examine(found: &Evidence, waiting: &Waiting, image: &Image, entries: &Entries) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut list = |invariant, what: &str, ids: Vec<String>| {
        if !ids.is_empty() {
            let shown = ids.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
            violations.push(Violation { invariant, what: format!("{what}: {} ({shown})", ids.len()) });
        }
    };
    let effects: HashSet<_> =
        found.effects.iter().map(|one| (one.consumer.as_str(), one.id.as_str())).collect();
    let rows: HashSet<_> = found.business.iter().map(|row| row.id.as_str()).collect();
    let on_its_way = |consumer: &str, id: &str| {
        effects.contains(&(consumer, id))
            || waiting.has(consumer, id)
            || consumer == "echo" && waiting.has("answer", id)
    };
    let (mut gone, mut halves, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    for (id, entry) in entries {
        let row = rows.contains(id.as_str());
        let is_put = matches!(entry.op.ask, Ask::Put | Ask::Refuse);
        let all = entry.op.ask.consumers().iter().all(|consumer| on_its_way(consumer, id));
        let any = entry.op.ask.consumers().iter().any(|consumer| on_its_way(consumer, id));
        if image.acked.contains(id) && entry.op.ask != Ask::Refuse && !(all && (row || !is_put)) {
            gone.push(id.clone());
        }
        if is_put && (row != any || row != all) {
            halves.push(id.clone());
        }
        let both =
            |consumer: &&&str| effects.contains(&(**consumer, id.as_str())) && waiting.has(consumer, id);
        twice.extend(
            entry.op.ask.consumers().iter().find(both).map(|consumer| format!("{id} for {consumer}")),
        );
    }
    list("I1", "acked, and lost with the power", gone);
    list("I10", "half a transaction", halves);
    list("I10", "an effect, and its message still waits", twice);
    list("I10", "the database is damaged", found.damage.iter().cloned().collect());
    list("I3", "balances that are not the sum of their effects", wrong_sums(found));
    violations
}

fn wrong_sums(found: &Evidence) -> Vec<String> {
    let mut sums: HashMap<(&str, &str), (i64, i64)> = HashMap::new();
    for effect in &found.effects {
        let sum = sums.entry((&effect.consumer, &effect.key)).or_default();
        *sum = (sum.0 + 1, sum.1 + effect.amount);
    }
    let mut wrong: Vec<_> = found
        .balances
        .iter()
        .filter(|one| sums.remove(&(one.consumer.as_str(), one.key.as_str())) != Some((one.n, one.total)))
        .map(|one| format!("{}/{}", one.consumer, one.key))
        .collect();
    wrong.extend(sums.keys().map(|(consumer, key)| format!("{consumer}/{key}")));
    wrong
}

/// Starts an application on the image; it must finish everything.
async fn revive(image: &Image, entries: &Entries) -> Result<Vec<Violation>> {
    let rig = Rig::new(&image.dir, None, 1)?;
    let mut found = rig.settle(false).await?;
    let known: Entries = entries
        .iter()
        .map(|(id, entry)| (id.clone(), Entry::asked(entry.op.clone(), image.acked.contains(id))))
        .collect();
    // Nobody has promised that a file that is never synced keeps anything.
    found.loose = known.keys().map(|id| (id.clone(), 1)).collect();
    let violations = check(&known, &found);
    Ok(violations
        .into_iter()
        .map(|violation| {
            let what = format!("after cut {} ({:?}): {}", image.cut, image.mode, violation.what);
            Violation { what, ..violation }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::history::Op;

    fn image(acked: &[&str]) -> Image {
        let acked = acked.iter().map(|id| (*id).to_owned()).collect();
        Image { cut: 0, mode: Mode::Lose, dir: ".".into(), acked }
    }

    fn entries() -> Entries {
        let op = Op { ask: Ask::Poke, producer: 1, number: 1, key: String::new(), amount: 1 };
        let put = Op { ask: Ask::Put, key: "k".into(), ..op.clone() };
        BTreeMap::from([("poke".into(), Entry::asked(op, false)), ("put".into(), Entry::asked(put, false))])
    }

    #[test]
    fn what_was_acked_is_there_or_waits() {
        let nothing = Waiting(HashSet::new());
        let found = examine(&Evidence::default(), &nothing, &image(&["poke"]), &entries());
        assert_eq!(found[0].invariant, "I1");
        let waits = Waiting(HashSet::from([("poke".to_owned(), "poke".to_owned())]));
        assert!(examine(&Evidence::default(), &waits, &image(&["poke"]), &entries()).is_empty());
    }

    #[test]
    fn half_a_transaction_is_noticed() {
        let waits = Waiting(HashSet::from([("ledger".to_owned(), "put".to_owned())]));
        let found = examine(&Evidence::default(), &waits, &image(&[]), &entries());
        assert_eq!(found[0].invariant, "I10");
    }
}
