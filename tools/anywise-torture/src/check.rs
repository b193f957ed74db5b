//! The invariants: sets, counts and orders, each with a name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use crate::evidence::{Effect, Evidence};
use crate::history::{Ask, Entries};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Bounds of [`Gauges`](crate::evidence::Gauges): a process under torture holds less.
const MOST_RSS_MIB: u64 = 512;
const MOST_FDS: u64 = 256;
const MOST_THREADS: u64 = 96;
const MOST_WAL_MIB: u64 = 128;
/// How many of one kind are named.
const NAMED: usize = 5;

/// Every invariant that does not hold.
pub(crate) fn check(entries: &Entries, found: &Evidence) -> Vec<Violation> {
    let seen = Seen::of(found);
    let mut report = Report::default();
    lost(entries, found, &seen, &mut report);
    unexpected(entries, found, &mut report);
    once(entries, found, &seen, &mut report);
    refused(entries, found, &mut report);
    ordered(found, &mut report);
    drained(found, &mut report);
    poisoned(entries, found, &mut report);
    fenced(found, &mut report);
    atomic(entries, found, &seen, &mut report);
    bounded(found, &mut report);
    report.0
}

/// Violations, as they are found.
#[derive(Default)]
pub(crate) struct Report(pub(crate) Vec<Violation>);

impl Report {
    pub(crate) fn add(&mut self, invariant: &'static str, what: impl Into<String>) {
        self.0.push(Violation { invariant, what: what.into() });
    }

    /// One violation for all `ids`, if there are any.
    pub(crate) fn list(&mut self, invariant: &'static str, what: &str, ids: &[String]) {
        if !ids.is_empty() {
            let shown = ids.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            self.add(invariant, format!("{what}: {} ({shown})", ids.len()));
        }
    }
}

/// Effects by consumer and id.
struct Seen<'a>(HashMap<(&'a str, &'a str), u64>);

impl<'a> Seen<'a> {
    fn of(found: &'a Evidence) -> Self {
        let mut seen = HashMap::new();
        for effect in &found.effects {
            *seen.entry((effect.consumer.as_str(), effect.id.as_str())).or_default() += 1;
        }
        Self(seen)
    }

    fn count(&self, consumer: &str, id: &str) -> u64 {
        self.0.get(&(consumer, id)).copied().unwrap_or_default()
    }
}

/// I1: nothing that was acknowledged is lost.
fn lost(entries: &Entries, found: &Evidence, seen: &Seen<'_>, report: &mut Report) {
    let dead: HashSet<_> = found.dead.iter().map(|dead| dead.id.as_str()).collect();
    let mut lost: BTreeMap<(&str, u32), Vec<u64>> = BTreeMap::new();
    let mut kept: BTreeMap<(&str, u32), Vec<u64>> = BTreeMap::new();
    for (id, entry) in entries.iter().filter(|(_, entry)| entry.acked()) {
        for consumer in entry.op.ask.consumers() {
            let there = seen.count(consumer, id) > 0 || dead.contains(id.as_str());
            let by = if there { &mut kept } else { &mut lost };
            by.entry((consumer, entry.op.producer)).or_default().push(entry.op.number);
        }
        if entry.op.ask == Ask::Put && !found.loose.contains_key(id) {
            lost.entry(("loose", entry.op.producer)).or_default().push(entry.op.number);
        }
    }
    for ((consumer, producer), numbers) in &mut lost {
        numbers.sort_unstable();
        let kept = kept.get(&(*consumer, *producer)).map_or(&[][..], Vec::as_slice);
        let place = place(numbers, kept);
        let shown = &numbers[..numbers.len().min(NAMED)];
        report.add(
            "I1",
            format!("{consumer} lost {} acked of p{producer} ({place}): {shown:?}", numbers.len()),
        );
    }
}

/// Where among what was kept the lost ones are; the middle is the worst.
fn place(lost: &[u64], kept: &[u64]) -> &'static str {
    let (Some(lowest), Some(highest)) = (kept.iter().min(), kept.iter().max()) else { return "all" };
    if lost.iter().all(|number| number < lowest) {
        "prefix"
    } else if lost.iter().all(|number| number > highest) {
        "postfix"
    } else {
        "middle"
    }
}

/// I2: nothing comes from nowhere, and everything is as it was sent.
fn unexpected(entries: &Entries, found: &Evidence, report: &mut Report) {
    let (mut strange, mut changed, mut early) = (Vec::new(), Vec::new(), Vec::new());
    for effect in &found.effects {
        match entries.get(&effect.id) {
            Some(entry) if entry.op.ask.consumers().contains(&effect.consumer.as_str()) => {
                let key = effect.key.is_empty() || effect.key == entry.op.key;
                if effect.amount != entry.op.amount || !key {
                    changed.push(effect.id.clone());
                }
                if entry.op.ask == Ask::Late && effect.at < effect.seq {
                    early.push(effect.id.clone());
                }
            }
            _ => strange.push(format!("{} by {}", effect.id, effect.consumer)),
        }
    }
    strange.extend(found.loose.keys().filter(|id| !entries.contains_key(*id)).cloned());
    strange.extend(found.business.iter().map(|row| &row.id).filter(|id| !entries.contains_key(*id)).cloned());
    report.list("I2", "effects of nothing that was sent", &strange);
    report.list("I2", "effects of something else than was sent", &changed);
    report.list("I2", "effects before they were due", &early);
}

/// I3: each effect once, and balances that say the same.
fn once(entries: &Entries, found: &Evidence, seen: &Seen<'_>, report: &mut Report) {
    let mut twice: Vec<_> = seen
        .0
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|((by, id), n)| format!("{id} by {by} ×{n}"))
        .collect();
    twice.sort();
    report.list("I3", "effects that happened more than once", &twice);
    let mut sums: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
    let distinct: BTreeSet<_> =
        found.effects.iter().map(|one| (one.consumer.as_str(), one.key.as_str(), one.id.as_str())).collect();
    for (consumer, key, id) in distinct {
        let amount = entries.get(id).map_or(0, |entry| entry.op.amount);
        let sum = sums.entry((consumer, key)).or_default();
        *sum = (sum.0 + 1, sum.1 + amount);
    }
    let mut wrong = Vec::new();
    for balance in &found.balances {
        let sum = sums.remove(&(balance.consumer.as_str(), balance.key.as_str())).unwrap_or_default();
        if sum != (balance.n, balance.total) {
            wrong.push(format!("{}/{}: {}≠{}", balance.consumer, balance.key, balance.n, sum.0));
        }
    }
    wrong.extend(sums.keys().map(|(consumer, key)| format!("{consumer}/{key}: none")));
    report.list("I3", "balances that are not the sum of their effects", &wrong);
}

/// I4: what was refused has had no effect.
fn refused(entries: &Entries, found: &Evidence, report: &mut Report) {
    let refused = |id: &str| entries.get(id).is_some_and(super::history::Entry::refused);
    let effects = found.effects.iter().map(|effect| &effect.id);
    let rows = found.business.iter().map(|row| &row.id);
    let dead = found.dead.iter().map(|dead| &dead.id);
    let had: BTreeSet<_> = effects.chain(rows).chain(dead).filter(|id| refused(id)).cloned().collect();
    report.list("I4", "refused, and done all the same", &had.into_iter().collect::<Vec<_>>());
}

/// I5: each consumer sees the messages of a key in their order, without a gap.
fn ordered(found: &Evidence, report: &mut Report) {
    let mut lanes: BTreeMap<(&str, &str), Vec<&Effect>> = BTreeMap::new();
    for effect in found.effects.iter().filter(|effect| is_keyed(effect)) {
        lanes.entry((&effect.consumer, &effect.key)).or_default().push(effect);
    }
    let (mut turned, mut gaps) = (Vec::new(), Vec::new());
    for ((consumer, key), mut lane) in lanes {
        lane.sort_by_key(|effect| effect.n);
        if let Some(pair) = lane.windows(2).find(|pair| pair[1].seq < pair[0].seq) {
            turned.push(format!("{consumer}/{key}: {} after {}", pair[1].seq, pair[0].seq));
        }
        let seqs: BTreeSet<_> = lane.iter().map(|effect| effect.seq).collect();
        let gap = (1..).zip(&seqs).find(|(expected, seq)| expected != *seq);
        gaps.extend(gap.map(|(expected, _)| format!("{consumer}/{key}: {expected} is missing")));
    }
    report.list("I5", "keys handled out of order", &turned);
    report.list("I5", "keys with a gap", &gaps);
}

/// Listeners of the keyed event; the commands they answer with have no order.
fn is_keyed(effect: &Effect) -> bool {
    matches!(effect.consumer.as_str(), "ledger" | "flaky")
}

/// I6: everything is drained.
fn drained(found: &Evidence, report: &mut Report) {
    if !found.left.is_empty() {
        report.add("I6", format!("not drained: {:?}", found.left));
    }
}

/// I7: the dead letters are the poison that was planted, each with its context.
fn poisoned(entries: &Entries, found: &Evidence, report: &mut Report) {
    let dead: BTreeSet<_> = found.dead.iter().map(|dead| dead.id.as_str()).collect();
    let planted = |id: &str| entries.get(id).is_some_and(|entry| entry.op.ask.is_poison());
    let strange = found.dead.iter().filter(|dead| !planted(&dead.id));
    let strange: Vec<_> =
        strange.map(|dead| format!("{} of {}: {}", dead.id, dead.target, dead.reason)).collect();
    report.list("I7", "dead letters that are not the planted poison", &strange);
    let mut times: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for one in &found.dead {
        *times.entry((&one.id, &one.target)).or_default() += 1;
    }
    let twice: Vec<_> =
        times.iter().filter(|(_, n)| **n > 1).map(|((id, _), n)| format!("{id} ×{n}")).collect();
    report.list("I7", "dead letters kept more than once", &twice);
    let acked = entries.iter().filter(|(_, entry)| entry.acked() && entry.op.ask.is_poison());
    let missing: Vec<_> = acked.map(|(id, _)| id).filter(|id| !dead.contains(id.as_str())).cloned().collect();
    if found.cured {
        let left: Vec<_> = dead.iter().map(|id| (*id).to_owned()).collect();
        report.list("I7", "poison that was cured and is still dead", &left);
    } else {
        report.list("I7", "poison that is not among the dead letters", &missing);
    }
    let incomplete = found.dead.iter().filter_map(|dead| Some((dead, dead.missing.as_ref()?)));
    let incomplete: Vec<_> =
        incomplete.map(|(dead, missing)| format!("{} has no {missing}", dead.id)).collect();
    report.list("I7", "dead letters without their context", &incomplete);
}

/// I9: no effect under a claim after a later one was granted.
fn fenced(found: &Evidence, report: &mut Report) {
    let mut stale = Vec::new();
    for effect in found.effects.iter().filter(|effect| effect.epoch > 0) {
        let granted = found.granted.get(&(effect.consumer.clone(), effect.id.clone())).copied();
        if let Some(granted) = granted.filter(|granted| *granted > effect.epoch) {
            stale.push(format!("{} by {}: {} of {granted}", effect.id, effect.consumer, effect.epoch));
        }
    }
    report.list("I9", "effects under a claim that was lost", &stale);
}

/// I10: the row and the messages of one transaction are there together, or not at all.
fn atomic(entries: &Entries, found: &Evidence, seen: &Seen<'_>, report: &mut Report) {
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &found.business {
        *rows.entry(&row.id).or_default() += 1;
    }
    let twice: Vec<_> = rows.iter().filter(|(_, n)| **n > 1).map(|(id, n)| format!("{id} ×{n}")).collect();
    report.list("I10", "rows written more than once", &twice);
    let mut alone = Vec::new();
    let mut orphans = BTreeSet::new();
    for (id, entry) in entries.iter().filter(|(_, entry)| matches!(entry.op.ask, Ask::Put | Ask::Refuse)) {
        let row = rows.contains_key(id.as_str());
        for consumer in entry.op.ask.consumers() {
            match (row, seen.count(consumer, id) > 0) {
                (true, false) if found.left.is_empty() => alone.push(format!("{id} for {consumer}")),
                (false, true) => drop(orphans.insert(id.clone())),
                _ => {}
            }
        }
    }
    report.list("I10", "rows without their message", &alone);
    report.list("I10", "messages without their row", &orphans.into_iter().collect::<Vec<_>>());
    let mut seqs: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for row in &found.business {
        seqs.entry(&row.key).or_default().insert(row.seq);
        if entries.get(&row.id).is_some_and(|entry| entry.op.amount != row.amount) {
            report.add("I2", format!("the row of {} is not what was sent", row.id));
        }
    }
    let gaps: Vec<_> = seqs
        .iter()
        .filter(|(_, seqs)| seqs.last().is_some_and(|last| usize::try_from(*last) != Ok(seqs.len())))
        .map(|(key, _)| (*key).to_owned())
        .collect();
    report.list("I10", "keys whose rows have a gap", &gaps);
    if let Some(damage) = &found.damage {
        report.add("I10", format!("the database is damaged: {damage}"));
    }
}

/// I11: nothing grows without bound.
fn bounded(found: &Evidence, report: &mut Report) {
    let gauges = &found.gauges;
    let bounds = [
        ("MiB of memory", gauges.rss_mib, MOST_RSS_MIB),
        ("file descriptors", gauges.fds, MOST_FDS),
        ("threads", gauges.threads, MOST_THREADS),
        ("MiB of write-ahead log", gauges.wal_mib, MOST_WAL_MIB),
    ];
    for (what, value, most) in bounds.into_iter().filter(|(_, value, most)| value > most) {
        report.add("I11", format!("{value} {what}, at most {most} are allowed"));
    }
}

#[cfg(test)]
mod tests;
