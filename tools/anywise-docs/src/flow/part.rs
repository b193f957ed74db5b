//! One connected part of a flow: layers, order, places, paths.

use super::{
    layers,
    layout::{Direction, Rect},
    order, place, straight,
};

/// Rounds of moving nodes towards their neighbours.
const ROUNDS: usize = 24;
/// How much straighter long edges are kept than short ones.
const LONG_EDGE_WEIGHT: f64 = 6.0;

/// One connected part, laid out from its own corner.
pub(super) struct Part {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: Vec<(usize, Rect)>,
    pub(super) paths: Vec<(usize, Vec<(f64, f64)>)>,
}

/// A node or a bend of a long edge, measured along and across the layers.
pub(super) struct Stop {
    pub(super) layer: usize,
    along: f64,
    across: f64,
    pub(super) bend: bool,
}

impl Stop {
    /// Least distance between the centres of two neighbours in a layer.
    pub(super) fn distance(&self, other: &Stop, direction: Direction) -> f64 {
        let space = match (self.bend, other.bend, direction) {
            (true, true, _) => 8.0,
            (false, false, Direction::Down) => 20.0,
            _ => 14.0,
        };
        f64::midpoint(self.across, other.across) + space
    }
}

impl Part {
    pub(super) fn new(
        sizes: &[(f64, f64)],
        all_edges: &[(usize, usize)],
        nodes: &[usize],
        lines: &[usize],
        direction: Direction,
    ) -> Self {
        let local = |node: usize| nodes.binary_search(&node).expect("an edge joins nodes of its own part");
        let edges: Vec<_> = lines.iter().map(|&n| (local(all_edges[n].0), local(all_edges[n].1))).collect();
        let ranks = layers::assign(nodes.len(), &edges);
        let mut stops: Vec<Stop> = nodes
            .iter()
            .zip(&ranks.of)
            .map(|(&node, &layer)| {
                let (width, height) = sizes[node];
                let (along, across) =
                    if direction == Direction::Right { (width, height) } else { (height, width) };
                Stop { layer, along, across, bend: false }
            })
            .collect();
        let (routes, hops) = add_bends(&mut stops, &edges, &ranks.back);
        let rows = order::improve(first_order(&stops, &hops), stops.len(), &hops);
        let mut centres = centres(&stops, &rows, &hops, direction);
        straight::lines(&stops, &rows, &routes, direction, &mut centres);
        let least =
            (0..stops.len()).map(|n| centres[n] - stops[n].across / 2.0).fold(f64::INFINITY, f64::min);
        for centre in &mut centres {
            *centre -= least;
        }
        let spans = spans(&stops, rows.len(), direction);
        let across = (0..stops.len()).map(|n| centres[n] + stops[n].across / 2.0).fold(0.0, f64::max);
        let along = spans.last().map_or(0.0, |&(start, length)| start + length);

        let turn = |along: f64, across: f64| {
            if direction == Direction::Right { (along, across) } else { (across, along) }
        };
        let boxes = nodes.iter().enumerate().map(|(n, &node)| {
            let (start, length) = spans[stops[n].layer];
            // Left to right, the boxes of a layer are all as wide as the widest.
            let long = if direction == Direction::Right { length } else { stops[n].along };
            let (x, y) = turn(start, centres[n] - stops[n].across / 2.0);
            let (width, height) = turn(long, stops[n].across);
            (node, Rect { x, y, width, height })
        });
        let paths = routes.into_iter().zip(lines).zip(&ranks.back).map(|((route, &line), &back)| {
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
    let gap = |a: usize, b: usize| stops[a].distance(&stops[b], direction);
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
        let rows: Vec<&Vec<usize>> =
            if round % 2 == 0 { rows.iter().collect() } else { rows.iter().rev().collect() };
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

/// Start and length of each layer.
fn spans(stops: &[Stop], count: usize, direction: Direction) -> Vec<(f64, f64)> {
    let gap = if direction == Direction::Right { 46.0 } else { 34.0 };
    let mut start = 0.0;
    (0..count)
        .map(|layer| {
            let length =
                stops.iter().filter(|stop| stop.layer == layer).map(|stop| stop.along).fold(0.0, f64::max);
            let span = (start, length);
            start += length + gap;
            span
        })
        .collect()
}
