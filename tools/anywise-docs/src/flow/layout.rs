//! A layered layout: boxes for the nodes, paths for the edges, in whole pixels.
//!
//! Layers follow the messages, left to right or top to bottom, whichever fits a
//! page. Each connected part is laid out on its own; parts are then packed in rows.

use super::{layers, order, place};

/// The widest drawing that needs no scrolling on a desktop page.
const PAGE_WIDTH: f64 = 1010.0;
/// Space between parts that are not connected.
const PART_GAP: f64 = 28.0;
/// Least distance between a long edge and a box it passes, and between two long edges.
const BOX_GAP: f64 = 13.0;
const EDGE_GAP: f64 = 8.0;
/// Rounds of moving nodes towards their neighbours.
const ROUNDS: usize = 24;
/// How much straighter long edges are kept than short ones.
const LONG_EDGE_WEIGHT: f64 = 6.0;

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
    let parts: Vec<Part> = connected(sizes.len(), edges).into_iter().map(|(nodes, lines)| Part::new(sizes, edges, nodes, lines, direction)).collect();
    pack(parts, &mut layout);
    layout
}

/// The connected parts, each as its nodes and edges; larger parts first.
fn connected(nodes: usize, edges: &[(usize, usize)]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut leader: Vec<usize> = (0..nodes).collect();
    fn find(leader: &mut [usize], mut node: usize) -> usize {
        while leader[node] != node {
            leader[node] = leader[leader[node]];
            node = leader[node];
        }
        node
    }
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
    parts.sort_by_key(|(nodes, _)| std::cmp::Reverse(nodes.len()));
    parts
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
            layout.paths[edge] = points.into_iter().map(|(a, b)| ((a + x).round(), (b + y).round())).collect();
        }
        layout.width = layout.width.max(x + part.width).ceil();
        layout.height = layout.height.max(y + part.height).ceil();
        row = row.max(part.height);
        x += part.width + PART_GAP;
    }
}

/// One connected part, laid out from its own corner.
struct Part {
    width: f64,
    height: f64,
    boxes: Vec<(usize, Rect)>,
    paths: Vec<(usize, Vec<(f64, f64)>)>,
}

/// A node or a bend of a long edge, measured along and across the layers.
struct Stop {
    layer: usize,
    along: f64,
    across: f64,
    bend: bool,
}

impl Part {
    fn new(sizes: &[(f64, f64)], all_edges: &[(usize, usize)], nodes: Vec<usize>, lines: Vec<usize>, direction: Direction) -> Self {
        let local = |node: usize| nodes.binary_search(&node).expect("an edge joins nodes of its own part");
        let edges: Vec<_> = lines.iter().map(|&n| (local(all_edges[n].0), local(all_edges[n].1))).collect();
        let ranks = layers::assign(nodes.len(), &edges);
        let mut stops: Vec<Stop> = nodes
            .iter()
            .zip(&ranks.of)
            .map(|(&node, &layer)| {
                let (width, height) = sizes[node];
                let (along, across) = if direction == Direction::Right { (width, height) } else { (height, width) };
                Stop { layer, along, across, bend: false }
            })
            .collect();
        let (routes, links) = add_bends(&mut stops, &edges, &ranks.back);
        let rows = order::improve(first_order(&stops, &links), stops.len(), &links);
        let mut centres = centres(&stops, &rows, &links, direction);
        straighten(&stops, &rows, &routes, &mut centres);
        let spans = spans(&stops, rows.len(), direction);
        let across = (0..stops.len()).map(|n| centres[n] + stops[n].across / 2.0).fold(0.0, f64::max);
        let along = spans.last().map_or(0.0, |&(start, length)| start + length);

        let turn = |along: f64, across: f64| if direction == Direction::Right { (along, across) } else { (across, along) };
        let boxes = nodes.iter().enumerate().map(|(n, &node)| {
            let (start, length) = spans[stops[n].layer];
            // Left to right, the boxes of a layer are all as wide as the widest.
            let long = if direction == Direction::Right { length } else { stops[n].along };
            let (x, y) = turn(start, centres[n] - stops[n].across / 2.0);
            let (width, height) = turn(long, stops[n].across);
            (node, Rect { x, y, width, height })
        });
        let paths = routes.into_iter().zip(&lines).zip(&ranks.back).map(|((route, &line), &back)| {
            let mut points: Vec<_> = route
                .iter()
                .flat_map(|&n| {
                    let (start, length) = spans[stops[n].layer];
                    [turn(start, centres[n]), turn(start + length, centres[n])]
                })
                .collect();
            points.pop();
            points.remove(0);
            if back {
                points.reverse();
            }
            (line, points)
        });
        let (width, height) = turn(along, across);
        Self { width, height, boxes: boxes.collect(), paths: paths.collect() }
    }
}

/// The stops each edge passes through, and the links between neighbouring layers.
type Routes = (Vec<Vec<usize>>, Vec<(usize, usize)>);

/// Adds a bend wherever an edge passes a layer.
fn add_bends(stops: &mut Vec<Stop>, edges: &[(usize, usize)], back: &[bool]) -> Routes {
    let mut routes = Vec::with_capacity(edges.len());
    let mut links = Vec::new();
    for (&(from, to), &back) in edges.iter().zip(back) {
        let (low, high) = if back { (to, from) } else { (from, to) };
        let mut route = vec![low];
        for layer in stops[low].layer + 1..stops[high].layer {
            route.push(stops.len());
            stops.push(Stop { layer, along: 0.0, across: 4.0, bend: true });
        }
        route.push(high);
        if low != high {
            links.extend(route.windows(2).map(|pair| (pair[0], pair[1])));
        }
        routes.push(route);
    }
    (routes, links)
}

/// The nodes of each layer in the order a walk from the sources meets them.
fn first_order(stops: &[Stop], links: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); stops.len()];
    for &(from, to) in links {
        next[from].push(to);
    }
    let count = stops.iter().map(|stop| stop.layer + 1).max().unwrap_or(0);
    let mut rows = vec![Vec::new(); count];
    let mut met = vec![false; stops.len()];
    let mut roots: Vec<usize> = (0..stops.len()).collect();
    roots.sort_by_key(|&n| stops[n].layer);
    for root in roots {
        let mut path = vec![root];
        while let Some(node) = path.pop() {
            if !std::mem::replace(&mut met[node], true) {
                rows[stops[node].layer].push(node);
                path.extend(next[node].iter().rev());
            }
        }
    }
    rows
}

/// Where each stop stands across the layers.
fn centres(stops: &[Stop], rows: &[Vec<usize>], links: &[(usize, usize)], direction: Direction) -> Vec<f64> {
    let space = if direction == Direction::Right { 14.0 } else { 20.0 };
    let gap = |a: usize, b: usize| {
        let bends = stops[a].bend && stops[b].bend;
        f64::midpoint(stops[a].across, stops[b].across) + if bends { EDGE_GAP } else { space }
    };
    let mut centres = vec![0.0; stops.len()];
    for row in rows {
        for pair in row.windows(2) {
            centres[pair[1]] = centres[pair[0]] + gap(pair[0], pair[1]);
        }
    }
    let mut near = [vec![Vec::new(); stops.len()], vec![Vec::new(); stops.len()]];
    for &(from, to) in links {
        let weight = if stops[from].bend && stops[to].bend { LONG_EDGE_WEIGHT } else { 1.0 };
        near[0][to].push((from, weight));
        near[1][from].push((to, weight));
    }
    for round in 0..ROUNDS {
        // Down, up, …; at the end both sides count.
        let sides: &[usize] = if round + 12 >= ROUNDS { &[0, 1] } else { &[round % 2][..] };
        let rows: Vec<&Vec<usize>> = if round % 2 == 0 { rows.iter().collect() } else { rows.iter().rev().collect() };
        for row in rows {
            let gaps: Vec<f64> = row.windows(2).map(|pair| gap(pair[0], pair[1])).collect();
            let wishes: Vec<(f64, f64)> = row
                .iter()
                .map(|&n| {
                    let pulls = || sides.iter().flat_map(|&side| &near[side][n]);
                    let weight: f64 = pulls().map(|&(_, weight)| weight).sum();
                    let sum: f64 = pulls().map(|&(other, weight)| centres[other] * weight).sum();
                    if weight > 0.0 { (sum / weight, weight) } else { (centres[n], 0.5) }
                })
                .collect();
            for (&n, centre) in row.iter().zip(place::row(&wishes, &gaps)) {
                centres[n] = centre;
            }
        }
    }
    centres
}

/// Puts what follows each other one by one in straight lines, as far as the
/// neighbours allow: first trains of boxes, then the bends of long edges.
fn straighten(stops: &[Stop], rows: &[Vec<usize>], routes: &[Vec<usize>], direction: Direction, centres: &mut [f64]) {
    let mut beside = vec![(None, None); stops.len()];
    for row in rows {
        for pair in row.windows(2) {
            beside[pair[0]].1 = Some(pair[1]);
            beside[pair[1]].0 = Some(pair[0]);
        }
    }
    let room = |n: usize| {
        let (left, right) = beside[n];
        move |centres: &[f64]| {
            let least = left.map_or(f64::NEG_INFINITY, |other: usize| centres[other] + distance(&stops[n], &stops[other], direction));
            let most = right.map_or(f64::INFINITY, |other: usize| centres[other] - distance(&stops[n], &stops[other], direction));
            (least, most)
        }
    };
    let mut line = |members: &[usize], first: Option<f64>, last: Option<f64>| {
        let mut from = 0;
        while from < members.len() {
            // The longest run that one straight line can pass.
            let (mut low, mut high, mut to) = (f64::NEG_INFINITY, f64::INFINITY, from);
            while let Some(&n) = members.get(to) {
                let (least, most) = room(n)(centres);
                if to > from && least.max(low) > most.min(high) {
                    break;
                }
                (low, high, to) = (least.max(low), most.min(high), to + 1);
            }
            let run = &members[from..to];
            let first = first.filter(|_| from == 0);
            let last = last.filter(|_| to == members.len());
            let mean = run.iter().map(|&n| centres[n]).sum::<f64>() / real(run.len());
            let wish = match (first, last) {
                (Some(a), Some(b)) => f64::midpoint(a, b),
                (Some(end), None) | (None, Some(end)) => end,
                (None, None) => mean,
            };
            for &n in run {
                centres[n] = wish.max(low).min(high);
            }
            from = to;
        }
    };
    for train in trains(stops.len(), routes) {
        line(&train, None, None);
    }
    for route in routes.iter().filter(|route| route.len() > 3) {
        let (&first, &last) = (&route[0], &route[route.len() - 1]);
        let ends = (centres_of(&mut line, first), centres_of(&mut line, last));
        line(&route[1..route.len() - 1], ends.0, ends.1);
    }
}

/// Start and length of each layer.
fn spans(stops: &[Stop], count: usize, direction: Direction) -> Vec<(f64, f64)> {
    let gap = if direction == Direction::Right { 46.0 } else { 34.0 };
    let mut start = 0.0;
    (0..count)
        .map(|layer| {
            let length = stops.iter().filter(|stop| stop.layer == layer).map(|stop| stop.along).fold(0.0, f64::max);
            let span = (start, length);
            start += length + gap;
            span
        })
        .collect()
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
                let apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
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
