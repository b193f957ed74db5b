//! A laid out flow as an SVG element: shapes, words and links.
//!
//! Every node says in words what it is, so colour only helps. Styling is by class.

use super::{
    Flow, Node, NodeKind,
    layout::{self, Direction, Layout, Rect, real},
};
use crate::html::{Element, Html, el};
use anywise_core::catalog::{FunctionKind, MessageKind};
use std::fmt::Write;

/// Longer names are cut; the full name is in the node's title.
const LONGEST_LABEL: usize = 30;
/// Width of a character of the label, in the monospaced font of the style sheet.
const LABEL_CHAR: f64 = 7.55;
/// Width of a character of the line below it, at most.
const NOTE_CHAR: f64 = 5.9;
const NODE_HEIGHT: f64 = 44.0;
const NARROWEST_NODE: f64 = 112.0;
/// Room for the focus ring and the shadow of the outermost nodes.
const MARGIN: f64 = 6.0;
const TIP: f64 = 7.0;

pub(super) fn draw(
    flow: &Flow,
    about: &str,
    hue: &dyn Fn(&str) -> String,
    link: &dyn Fn(&Node) -> Option<String>,
) -> Html {
    let sizes: Vec<_> = flow.nodes.iter().map(|node| (width(node), NODE_HEIGHT)).collect();
    let layout = layout::lay_out(&sizes, &flow.edges);
    let (width, height) = (layout.width + 2.0 * MARGIN, layout.height + 2.0 * MARGIN);
    let edges = flow.edges.iter().zip(&layout.paths).map(|(&(from, to), points)| {
        el("g")
            .class("edge")
            .attr("data-from", from)
            .attr("data-to", to)
            .add(el("path").attr("d", curve(points, layout.direction)))
            .add(el("path").class("tip").attr("d", tip(points, layout.direction)))
    });
    let nodes = flow
        .nodes
        .iter()
        .zip(&layout.boxes)
        .enumerate()
        .map(|(n, (node, rect))| draw_node(n, node, *rect, hue, link));
    el("svg")
        .class(match layout.direction {
            Direction::Right => "flow right",
            Direction::Down => "flow down",
        })
        .attr("viewBox", format_args!("-{MARGIN} -{MARGIN} {width} {height}"))
        .attr("width", width)
        .attr("height", height)
        .attr("role", "group")
        .attr("aria-labelledby", "flow-title")
        .attr("aria-describedby", "flow-desc")
        .add(el("title").attr("id", "flow-title").add(format!("Flow of {about}")))
        .add(el("desc").attr("id", "flow-desc").add(describe(flow, &layout)))
        .add(el("g").attr("aria-hidden", "true").each(edges))
        .add(el("g").each(nodes))
        .into()
}

fn describe(flow: &Flow, layout: &Layout) -> String {
    let messages = flow.nodes.iter().filter(|n| matches!(n.kind, NodeKind::Message(_))).count();
    let others = flow.nodes.len() - messages;
    let direction = match layout.direction {
        Direction::Right => "left to right",
        Direction::Down => "top to bottom",
    };
    let what = match flow.nodes.first() {
        Some(Node { kind: NodeKind::Slice, .. }) => format!("{others} slices"),
        _ => format!("{messages} messages and {others} functions"),
    };
    format!(
        "{what}, joined by {} arrows, read {direction}. Each node is a link to its page.",
        flow.edges.len()
    )
}

fn width(node: &Node) -> f64 {
    let label = real(node.label.chars().count().min(LONGEST_LABEL)) * LABEL_CHAR;
    let below = real(note(node).chars().count()) * NOTE_CHAR;
    (label.max(below) + 30.0).max(NARROWEST_NODE).ceil()
}

/// The second line: what it is and whose.
fn note(node: &Node) -> String {
    match node.kind {
        NodeKind::Slice => "slice".to_owned(),
        kind => format!("{} · {}", kind.word(), shorten(&node.slice)),
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= LONGEST_LABEL {
        return text.to_owned();
    }
    text.chars().take(LONGEST_LABEL - 1).chain(['…']).collect()
}

fn draw_node(
    n: usize,
    node: &Node,
    rect: Rect,
    hue: &dyn Fn(&str) -> String,
    link: &dyn Fn(&Node) -> Option<String>,
) -> Element {
    let Rect { x, y, width, height } = rect;
    let centre = x + width / 2.0;
    let class = match node.kind {
        NodeKind::Slice => "slice",
        NodeKind::Message(_) => "message",
        NodeKind::Function(_) => "function",
    };
    let focus = if node.focus { " focus" } else { "" };
    let name = format!("{}, {}", node.label, note(node));
    let href = link(node);
    el(if href.is_some() { "a" } else { "g" })
        .class(format_args!("node {class} {} {}{focus}", node.kind.word(), hue(&node.slice)))
        .attr_if("href", href)
        .attr_if("aria-current", node.focus.then_some("true"))
        .attr("data-node", n)
        .add(el("title").add(name))
        .add(shape(node.kind, rect))
        .add(el("text").class("label").attr("x", centre).attr("y", y + 19.0).add(shorten(&node.label)))
        .add(el("text").class("note").attr("x", centre).attr("y", y + height - 10.0).add(note(node)))
}

/// Events are round, commands square, queries dashed, functions have a bar.
fn shape(kind: NodeKind, Rect { x, y, width, height }: Rect) -> Html {
    let radius = match kind {
        NodeKind::Message(MessageKind::Event) => height / 2.0,
        NodeKind::Message(_) => 4.0,
        NodeKind::Function(FunctionKind::Guard) => 14.0,
        NodeKind::Function(_) | NodeKind::Slice => 8.0,
    };
    let outline =
        el("rect").attr("x", x).attr("y", y).attr("width", width).attr("height", height).attr("rx", radius);
    let bar = matches!(kind, NodeKind::Function(_)).then(|| {
        let d = format!("M{} {} v{}", x + 7.0, y + 9.0, height - 18.0);
        el("path").class("bar").attr("d", d)
    });
    let mut out = Html::from(outline);
    out.push(bar);
    out
}

/// Curves between layers, straight lines past them, stopping short of the tip.
fn curve(points: &[(f64, f64)], direction: Direction) -> String {
    let mut points = points.to_vec();
    let (dx, dy) = heading(&points, direction);
    if let Some(last) = points.last_mut() {
        *last = (last.0 - dx * TIP, last.1 - dy * TIP);
    }
    let mut out = String::new();
    for (n, pair) in points.windows(2).enumerate() {
        let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
        if n == 0 {
            write!(out, "M{ax} {ay}").expect("writing to a String cannot fail");
        }
        let (mx, my) = (f64::midpoint(ax, bx), f64::midpoint(ay, by));
        match direction {
            _ if n % 2 == 1 => write!(out, "L{bx} {by}"),
            Direction::Right => write!(out, "C{mx} {ay} {mx} {by} {bx} {by}"),
            Direction::Down => write!(out, "C{ax} {my} {bx} {my} {bx} {by}"),
        }
        .expect("writing to a String cannot fail");
    }
    out
}

/// Which way the last piece of a path points.
fn heading(points: &[(f64, f64)], direction: Direction) -> (f64, f64) {
    let [.., a, b] = points else {
        return (0.0, 0.0);
    };
    match direction {
        Direction::Right => (if b.0 < a.0 { -1.0 } else { 1.0 }, 0.0),
        Direction::Down => (0.0, if b.1 < a.1 { -1.0 } else { 1.0 }),
    }
}

fn tip(points: &[(f64, f64)], direction: Direction) -> String {
    let (dx, dy) = heading(points, direction);
    let Some(&(x, y)) = points.last() else {
        return String::new();
    };
    let (bx, by) = (x - dx * TIP, y - dy * TIP);
    let half = TIP / 2.0;
    format!("M{x} {y}L{} {}L{} {}Z", bx + dy * half, by + dx * half, bx - dy * half, by - dx * half)
}
