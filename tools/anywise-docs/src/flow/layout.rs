//! A layered layout: boxes for the nodes, paths for the edges, in whole pixels.
//!
//! Layers follow the messages, left to right or top to bottom, whichever fits a
//! page. Each connected part is laid out on its own; parts are then packed in rows.

use super::part::Part;
use std::cmp::Reverse;

/// The widest drawing that needs no scrolling on a desktop page.
const PAGE_WIDTH: f64 = 908.0;
/// Space between parts that are not connected.
const PART_GAP: f64 = 28.0;

/// Which way the layers follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Right,
    Down,
}

/// A placed node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A finished drawing, before it has shapes and words.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) direction: Direction,
    pub(super) width: f64,
    pub(super) height: f64,
    /// One for each node.
    pub(super) boxes: Vec<Rect>,
    /// One for each edge: from its source to its target, curved between the odd
    /// and the even points, straight between the even and the odd.
    pub(super) paths: Vec<Vec<(f64, f64)>>,
}

/// A count as a length.
pub(super) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Lays out a graph, in the direction that suits a page.
pub(super) fn lay_out(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Layout {
    let right = in_direction(sizes, edges, Direction::Right);
    if right.width <= PAGE_WIDTH {
        return right;
    }
    let down = in_direction(sizes, edges, Direction::Down);
    if down.width <= PAGE_WIDTH || down.width < right.width { down } else { right }
}

fn in_direction(sizes: &[(f64, f64)], edges: &[(usize, usize)], direction: Direction) -> Layout {
    let mut layout = Layout {
        direction,
        width: 0.0,
        height: 0.0,
        boxes: vec![Rect::default(); sizes.len()],
        paths: vec![Vec::new(); edges.len()],
    };
    let parts: Vec<Part> = connected(sizes.len(), edges)
        .into_iter()
        .map(|(nodes, lines)| Part::new(sizes, edges, &nodes, &lines, direction))
        .collect();
    pack(parts, &mut layout);
    layout
}

/// The connected parts, each as its nodes and edges; larger parts first.
fn connected(nodes: usize, edges: &[(usize, usize)]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut leader: Vec<usize> = (0..nodes).collect();
    for &(from, to) in edges {
        let (a, b) = (find(&mut leader, from), find(&mut leader, to));
        leader[a.max(b)] = a.min(b);
    }
    let mut parts = vec![(Vec::new(), Vec::new()); nodes];
    for node in 0..nodes {
        parts[find(&mut leader, node)].0.push(node);
    }
    for (n, &(from, _)) in edges.iter().enumerate() {
        parts[find(&mut leader, from)].1.push(n);
    }
    parts.retain(|(nodes, _)| !nodes.is_empty());
    parts.sort_by_key(|(nodes, _)| Reverse(nodes.len()));
    parts
}

/// The node that stands for a node's part, shortening the way there.
fn find(leader: &mut [usize], mut node: usize) -> usize {
    while leader[node] != node {
        leader[node] = leader[leader[node]];
        node = leader[node];
    }
    node
}

/// Rows of parts, filled from the left.
fn pack(parts: Vec<Part>, layout: &mut Layout) {
    let limit = parts.iter().map(|p| p.width).fold(PAGE_WIDTH, f64::max);
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0_f64);
    for part in parts {
        if x > 0.0 && x + part.width > limit {
            (x, y, row) = (0.0, y + row + PART_GAP, 0.0);
        }
        for (node, rect) in part.boxes {
            layout.boxes[node] = Rect { x: (rect.x + x).round(), y: (rect.y + y).round(), ..rect };
        }
        for (edge, points) in part.paths {
            layout.paths[edge] =
                points.into_iter().map(|(a, b)| ((a + x).round(), (b + y).round())).collect();
        }
        layout.width = layout.width.max(x + part.width).ceil();
        layout.height = layout.height.max(y + part.height).ceil();
        row = row.max(part.height);
        x += part.width + PART_GAP;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two boxes touch, everything is inside, and each path starts and ends at its boxes.
    fn check(nodes: usize, edges: &[(usize, usize)]) -> Layout {
        let layout = lay_out(&vec![(140.0, 44.0); nodes], edges);
        for (n, a) in layout.boxes.iter().enumerate() {
            assert!(a.x >= 0.0 && a.y >= 0.0, "{a:?}");
            assert!(a.x + a.width <= layout.width && a.y + a.height <= layout.height, "{a:?}");
            for b in &layout.boxes[n + 1..] {
                let apart = a.x + a.width <= b.x
                    || b.x + b.width <= a.x
                    || a.y + a.height <= b.y
                    || b.y + b.height <= a.y;
                assert!(apart, "{a:?} overlaps {b:?}");
            }
        }
        for (points, &(from, to)) in layout.paths.iter().zip(edges).filter(|(_, (from, to))| from != to) {
            for (point, node) in [(points.first(), from), (points.last(), to)] {
                let (&(x, y), rect) = (point.expect("a path has ends"), layout.boxes[node]);
                assert!(x >= rect.x && x <= rect.x + rect.width && y >= rect.y && y <= rect.y + rect.height);
            }
        }
        layout
    }

    #[test]
    fn nothing_is_empty() {
        assert!(check(0, &[]).boxes.is_empty());
    }

    #[test]
    fn a_short_chain_runs_to_the_right() {
        let layout = check(3, &[(0, 1), (1, 2)]);
        assert_eq!(layout.direction, Direction::Right);
        assert!(layout.boxes[0].x < layout.boxes[1].x && layout.boxes[1].x < layout.boxes[2].x);
    }

    #[test]
    fn a_long_chain_runs_down() {
        let edges: Vec<_> = (0..9).map(|n| (n, n + 1)).collect();
        assert_eq!(check(10, &edges).direction, Direction::Down);
    }

    #[test]
    fn cycles_and_strangers_are_laid_out_too() {
        check(6, &[(0, 1), (1, 2), (2, 0), (3, 3), (4, 5), (0, 2)]);
    }

    #[test]
    fn a_large_graph_is_laid_out_without_overlap() {
        // A fixed, uneven graph of 400 nodes.
        let edges: Vec<_> = (0..600_usize).map(|n| (n * 7 % 400, (n * 13 + 5) % 400)).collect();
        check(400, &edges);
    }
}
