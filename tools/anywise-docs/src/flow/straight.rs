//! Straight lines where there is room: what follows each other one by one stands in
//! line, and long edges pass many layers without a kink.

use super::{
    layout::{Direction, real},
    part::Stop,
};
use std::{collections::BTreeSet, iter};

/// The least and the greatest place of a stop, given where the others stand.
type Room<'a> = dyn Fn(&[f64], usize) -> (f64, f64) + 'a;

/// Moves stops within the room their neighbours leave: first trains of boxes, then
/// the bends of long edges. `routes` are the stops each edge passes through.
pub(super) fn lines(
    stops: &[Stop],
    rows: &[Vec<usize>],
    routes: &[Vec<usize>],
    direction: Direction,
    centres: &mut [f64],
) {
    let mut beside = vec![(None, None); stops.len()];
    for row in rows {
        for pair in row.windows(2) {
            beside[pair[0]].1 = Some(pair[1]);
            beside[pair[1]].0 = Some(pair[0]);
        }
    }
    let room = |centres: &[f64], n: usize| {
        let (left, right): (Option<usize>, Option<usize>) = beside[n];
        let far = |other: usize| stops[n].distance(&stops[other], direction);
        (
            left.map_or(f64::NEG_INFINITY, |other| centres[other] + far(other)),
            right.map_or(f64::INFINITY, |other| centres[other] - far(other)),
        )
    };
    for train in trains(stops.len(), routes) {
        line(centres, &train, None, None, &room);
    }
    for route in routes {
        if let [first, bends @ .., last] = &route[..]
            && bends.len() > 1
        {
            line(centres, bends, Some(*first), Some(*last), &room);
        }
    }
}

/// Puts members in line, in as few pieces as their room allows. The first piece
/// keeps to the stop before it and the last to the stop after it, if there are any.
fn line(
    centres: &mut [f64],
    members: &[usize],
    before: Option<usize>,
    after: Option<usize>,
    room: &Room<'_>,
) {
    let mut from = 0;
    while from < members.len() {
        let (mut low, mut high, mut to) = (f64::NEG_INFINITY, f64::INFINITY, from);
        while let Some(&n) = members.get(to) {
            let (least, most) = room(centres, n);
            if to > from && least.max(low) > most.min(high) {
                break;
            }
            (low, high, to) = (low.max(least), high.min(most), to + 1);
        }
        let piece = &members[from..to];
        let first = before.filter(|_| from == 0).map(|n| centres[n]);
        let last = after.filter(|_| to == members.len()).map(|n| centres[n]);
        let wish = match (first, last) {
            (Some(a), Some(b)) => f64::midpoint(a, b),
            (Some(end), None) | (None, Some(end)) => end,
            (None, None) => piece.iter().map(|&n| centres[n]).sum::<f64>() / real(piece.len()),
        };
        for &n in piece {
            centres[n] = wish.max(low).min(high);
        }
        from = to;
    }
}

/// Boxes joined one by one: each the only one after the other and the only one before it.
fn trains(stops: usize, routes: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); stops];
    let mut arriving = vec![0_usize; stops];
    for route in routes {
        if let (Some(&from), Some(&to)) = (route.first(), route.last()) {
            // A long edge separates, however alone it is.
            next[from].push((route.len() == 2).then_some(to));
            arriving[to] += 1;
        }
    }
    let follower = |n: usize| match next[n][..] {
        [Some(to)] if arriving[to] == 1 && to != n => Some(to),
        _ => None,
    };
    let inner: BTreeSet<usize> = (0..stops).filter_map(follower).collect();
    let mut trains = Vec::new();
    for head in (0..stops).filter(|n| !inner.contains(n)) {
        let train: Vec<usize> = iter::successors(Some(head), |&n| follower(n)).collect();
        if train.len() > 1 {
            trains.push(train);
        }
    }
    trains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trains_end_where_roads_fork_or_meet() {
        // 0 -> 1 -> 2, 2 -> 3 and 2 -> 4, both into 5, and 6 -> 7 far away.
        let routes = [vec![0, 1], vec![1, 2], vec![2, 3], vec![2, 4], vec![3, 5], vec![4, 5], vec![6, 8, 7]];
        assert_eq!(trains(9, &routes), [vec![0, 1, 2]]);
    }

    #[test]
    fn a_line_bends_only_where_it_must() {
        let mut centres = [0.0, 10.0, 20.0, 30.0];
        // Stop 2 has room from 50 on only.
        let room = |_: &[f64], n: usize| if n == 2 { (50.0, 90.0) } else { (0.0, 40.0) };
        line(&mut centres, &[0, 1, 2, 3], None, None, &room);
        assert_eq!(centres.map(f64::round).map(|c| format!("{c}")), ["5", "5", "50", "30"]);
    }
}
