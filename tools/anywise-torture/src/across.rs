//! The invariants across two databases: what was committed at the near side has
//! had its effect at the far side, in each group once, in the order of its key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::check::{Report, Violation};
use crate::evidence::{Business, Dead};

/// One row that a group at the far side wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    pub(crate) group: &'static str,
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) seq: i64,
    pub(crate) amount: i64,
}

/// The groups at the far side.
pub(crate) const GROUPS: [&str; 2] = ["far", "yonder"];

/// Every invariant that does not hold between the rows of the near side and
/// what has arrived of them.
pub(crate) fn check(rows: &[Business], arrived: &[Arrived], dead: &[Dead]) -> Vec<Violation> {
    let mut report = Report::default();
    let rows: HashMap<_, _> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    for group in GROUPS {
        let arrived: Vec<_> = arrived.iter().filter(|one| one.group == group).collect();
        effects(group, &rows, &arrived, &mut report);
        order(group, &arrived, &mut report);
    }
    let dead: Vec<_> =
        dead.iter().map(|dead| format!("{} of {}: {}", dead.id, dead.target, dead.reason)).collect();
    report.list("I7", "dead letters at the far side, where there is no poison", &dead);
    report.0
}

/// I1 to I3: every row has had one effect, and nothing else has.
fn effects(group: &str, rows: &HashMap<&str, &Business>, arrived: &[&Arrived], report: &mut Report) {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut strange = Vec::new();
    for one in arrived {
        *counts.entry(&one.id).or_default() += 1;
        let is_it = |row: &&Business| row.key == one.key && row.seq == one.seq && row.amount == one.amount;
        if !rows.get(one.id.as_str()).is_some_and(is_it) {
            strange.push(one.id.clone());
        }
    }
    let mut lost: Vec<_> = rows.values().filter(|row| !counts.contains_key(row.id.as_str())).collect();
    lost.sort_by(|a, b| (&a.key, a.seq).cmp(&(&b.key, b.seq)));
    let lost: Vec<_> = lost.into_iter().map(|row| format!("{} {}:{}", row.id, row.key, row.seq)).collect();
    let twice = counts.iter().filter(|(_, count)| **count > 1);
    let twice: Vec<_> = twice.map(|(id, count)| format!("{id} ×{count}")).collect();
    report.list("I1", &format!("rows without an effect at {group}"), &lost);
    report.list("I2", &format!("effects at {group} of no row as it was sent"), &strange);
    report.list("I3", &format!("effects at {group} that happened more than once"), &twice);
}

/// I5: the rows of a key arrive in their order, without a gap.
fn order(group: &str, arrived: &[&Arrived], report: &mut Report) {
    let mut lanes: BTreeMap<&str, Vec<&Arrived>> = BTreeMap::new();
    for one in arrived {
        lanes.entry(&one.key).or_default().push(one);
    }
    let (mut turned, mut gaps) = (Vec::new(), Vec::new());
    for (key, mut lane) in lanes {
        lane.sort_by_key(|one| one.n);
        if let Some(pair) = lane.windows(2).find(|pair| pair[1].seq < pair[0].seq) {
            turned.push(format!("{key}: {} after {}", pair[1].seq, pair[0].seq));
        }
        let seqs: BTreeSet<_> = lane.iter().map(|one| one.seq).collect();
        let gap = (1..).zip(&seqs).find(|(expected, seq)| expected != *seq);
        gaps.extend(gap.map(|(expected, _)| format!("{key}: {expected} is missing")));
    }
    report.list("I5", &format!("keys that arrived at {group} out of order"), &turned);
    report.list("I5", &format!("keys that arrived at {group} with a gap"), &gaps);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: i64) -> Business {
        Business { id: format!("p0-{seq}"), key: "k".to_owned(), seq, amount: seq }
    }

    fn arrived(group: &'static str, seqs: &[i64]) -> Vec<Arrived> {
        let one = |(n, seq): (i64, &i64)| {
            let Business { id, key, seq, amount } = row(*seq);
            Arrived { group, n, id, key, seq, amount }
        };
        (1..).zip(seqs).map(one).collect()
    }

    fn found(far: &[i64], yonder: &[i64]) -> Vec<&'static str> {
        let rows: Vec<_> = (1..=4).map(row).collect();
        let all = [arrived("far", far), arrived("yonder", yonder)].concat();
        check(&rows, &all, &[]).into_iter().map(|violation| violation.invariant).collect()
    }

    #[test]
    fn each_broken_promise_has_its_name() {
        assert_eq!(found(&[1, 2, 3, 4], &[1, 2, 3, 4]), [""; 0]);
        assert_eq!(found(&[1, 2, 3], &[1, 2, 3, 4]), ["I1"]);
        assert_eq!(found(&[1, 2, 4], &[1, 2, 3, 4]), ["I1", "I5"]);
        assert_eq!(found(&[1, 2, 3, 4], &[1, 2, 3, 4, 5]), ["I2"]);
        assert_eq!(found(&[1, 2, 3, 4, 4], &[1, 2, 3, 4]), ["I3"]);
        assert_eq!(found(&[1, 3, 2, 4], &[1, 2, 3, 4]), ["I5"]);
    }

    #[test]
    fn nothing_may_be_dead_there() {
        let dead = Dead { id: "p0-1".to_owned(), ..Dead::default() };
        assert_eq!(check(&[], &[], &[dead])[0].invariant, "I7");
    }
}
