//! Which layer a node belongs to: after everything that leads to it.

/// Layers of a graph, with its cycles broken.
#[derive(Debug, PartialEq)]
pub(super) struct Layers {
    /// Layer of every node, from 0.
    pub(super) of: Vec<usize>,
    /// For every edge: true when it runs against the layers, closing a cycle.
    pub(super) back: Vec<bool>,
}

/// Assigns layers by longest path, then moves sources close to what they feed.
pub(super) fn assign(nodes: usize, edges: &[(usize, usize)]) -> Layers {
    let back = break_cycles(nodes, edges);
    let mut next = vec![Vec::new(); nodes];
    let mut previous = vec![Vec::new(); nodes];
    for (&(from, to), &back) in edges.iter().zip(&back) {
        let (from, to) = if back { (to, from) } else { (from, to) };
        if from != to {
            next[from].push(to);
            previous[to].push(from);
        }
    }
    let topological = sort(&next, &previous);
    let mut of = vec![0; nodes];
    for &node in &topological {
        of[node] = previous[node].iter().map(|&p| of[p] + 1).max().unwrap_or(0);
    }
    // A node is loose when nothing but its own single-file train of sources leads to it.
    let mut loose = vec![false; nodes];
    for &node in &topological {
        loose[node] = previous[node].iter().all(|&p| loose[p] && next[p].len() == 1);
    }
    for &node in topological.iter().rev() {
        if let Some(first) = next[node].iter().map(|&n| of[n]).min()
            && loose[node]
        {
            of[node] = first - 1;
        }
    }
    Layers { of, back }
}

/// Depth first from the sources: an edge to a node still open closes a cycle.
fn break_cycles(nodes: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut out = vec![Vec::new(); nodes];
    let mut incoming = vec![0_usize; nodes];
    for (n, &(from, to)) in edges.iter().enumerate() {
        out[from].push(n);
        incoming[to] += 1;
    }
    let mut back = vec![false; edges.len()];
    let mut state = vec![State::New; nodes];
    let sources = (0..nodes).filter(|&n| incoming[n] == 0);
    for root in sources.chain(0..nodes) {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, at)) = path.last_mut() {
            let Some(&edge) = out[*node].get(*at) else {
                state[*node] = State::Done;
                path.pop();
                continue;
            };
            *at += 1;
            let to = edges[edge].1;
            match state[to] {
                State::New => {
                    state[to] = State::Open;
                    path.push((to, 0));
                }
                State::Open => back[edge] = true,
                State::Done => {}
            }
        }
    }
    back
}

fn sort(next: &[Vec<usize>], previous: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = previous.iter().map(Vec::len).collect();
    let mut sorted: Vec<usize> = (0..next.len()).filter(|&n| waiting[n] == 0).collect();
    let mut at = 0;
    while let Some(&node) = sorted.get(at) {
        at += 1;
        for &n in &next[node] {
            waiting[n] -= 1;
            if waiting[n] == 0 {
                sorted.push(n);
            }
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nodes: usize, edges: &[(usize, usize)], of: &[usize], back: &[bool]) {
        assert_eq!(assign(nodes, edges), Layers { of: of.to_vec(), back: back.to_vec() });
    }

    #[test]
    fn a_chain_is_one_node_a_layer() {
        check(3, &[(0, 1), (1, 2)], &[0, 1, 2], &[false, false]);
    }

    #[test]
    fn a_cycle_is_cut_once() {
        check(3, &[(0, 1), (1, 2), (2, 0)], &[0, 1, 2], &[false, false, true]);
        check(1, &[(0, 0)], &[0], &[true]);
    }

    #[test]
    fn a_source_stands_next_to_what_it_feeds() {
        // 0 -> 1 -> 2 -> 3, and 4 -> 5 -> 3.
        check(6, &[(0, 1), (1, 2), (2, 3), (4, 5), (5, 3)], &[0, 1, 2, 3, 1, 2], &[false; 5]);
    }
}
