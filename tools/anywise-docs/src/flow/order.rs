//! The order of nodes within each layer: few crossings, found by sweeping.

/// Sweeps down and up; the best order seen is kept.
const SWEEPS: usize = 12;

/// Orders the layers so that few of the edges between neighbours cross.
///
/// `edges` only join neighbouring layers, from the lower to the higher.
pub(super) fn improve(
    mut layers: Vec<Vec<usize>>,
    nodes: usize,
    edges: &[(usize, usize)],
) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); nodes];
    let mut previous = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        next[from].push(to);
        previous[to].push(from);
    }
    let mut best = layers.clone();
    let mut fewest = crossings(&layers, &next, nodes);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let count = layers.len();
        if sweep % 2 == 0 {
            for n in 1..count {
                sort_by_neighbours(&mut layers, n, n - 1, &previous, nodes);
            }
        } else {
            for n in (1..count).rev() {
                sort_by_neighbours(&mut layers, n - 1, n, &next, nodes);
            }
        }
        let now = crossings(&layers, &next, nodes);
        if now < fewest {
            fewest = now;
            best.clone_from(&layers);
        }
    }
    best
}

/// Sorts a layer by the mean place of each node's neighbours; ties keep their order.
fn sort_by_neighbours(
    layers: &mut [Vec<usize>],
    sorted: usize,
    fixed: usize,
    neighbours: &[Vec<usize>],
    nodes: usize,
) {
    let place = places(&layers[fixed], nodes);
    let mut keyed: Vec<(f64, usize)> = layers[sorted]
        .iter()
        .enumerate()
        .map(|(here, &node)| {
            let near = &neighbours[node];
            let sum: f64 = near.iter().map(|&n| super::layout::real(place[n])).sum();
            let mean = if near.is_empty() {
                super::layout::real(here)
            } else {
                sum / super::layout::real(near.len())
            };
            (mean, node)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    layers[sorted] = keyed.into_iter().map(|(_, node)| node).collect();
}

fn places(layer: &[usize], nodes: usize) -> Vec<usize> {
    let mut place = vec![0; nodes];
    for (n, &node) in layer.iter().enumerate() {
        place[node] = n;
    }
    place
}

/// Counts crossings between neighbouring layers: inversions, by a Fenwick tree.
fn crossings(layers: &[Vec<usize>], next: &[Vec<usize>], nodes: usize) -> usize {
    let mut total = 0;
    for pair in layers.windows(2) {
        let place = places(&pair[1], nodes);
        let mut tree = vec![0_usize; pair[1].len() + 1];
        let mut seen = 0;
        for &node in &pair[0] {
            let mut targets: Vec<usize> = next[node].iter().map(|&n| place[n]).collect();
            targets.sort_unstable();
            for &target in &targets {
                let mut at = target + 1;
                let mut before = 0;
                while at > 0 {
                    before += tree[at];
                    at &= at - 1;
                }
                total += seen - before;
            }
            for target in targets {
                let mut at = target + 1;
                while at < tree.len() {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
                seen += 1;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_are_counted() {
        let next = |edges: &[(usize, usize)]| {
            let mut next = vec![Vec::new(); 4];
            for &(a, b) in edges {
                next[a].push(b);
            }
            next
        };
        let layers = [vec![0, 1], vec![2, 3]];
        assert_eq!(crossings(&layers, &next(&[(0, 2), (1, 3)]), 4), 0);
        assert_eq!(crossings(&layers, &next(&[(0, 3), (1, 2)]), 4), 1);
        assert_eq!(crossings(&layers, &next(&[(0, 2), (0, 3), (1, 2), (1, 3)]), 4), 1);
    }

    #[test]
    fn a_crossing_that_need_not_be_is_removed() {
        let layers = improve(vec![vec![0, 1], vec![2, 3]], 4, &[(0, 3), (1, 2)]);
        assert_eq!(layers, [vec![0, 1], vec![3, 2]]);
    }
}
