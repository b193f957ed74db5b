//! A flow as Mermaid text.

use super::{Flow, Node, NodeKind};
use anywise_core::catalog::MessageKind;
use std::{collections::BTreeMap, fmt::Write};

pub(super) fn write(flow: &Flow) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let mut line = |text: String| writeln!(out, "  {text}").expect("writing to a String cannot fail");
    let mut slices: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (n, node) in flow.nodes.iter().enumerate() {
        line(format!("n{n}{}", shape(node)));
        slices.entry(&node.slice).or_default().push(format!("n{n}"));
    }
    for (from, to) in &flow.edges {
        line(format!("n{from} --> n{to}"));
    }
    for (hue, members) in slices.values().enumerate() {
        line(format!("classDef s{hue} {}", COLOURS[hue % COLOURS.len()]));
        line(format!("class {} s{hue}", members.join(",")));
    }
    out
}

/// Readable on light and on dark pages.
const COLOURS: [&str; 6] = [
    "fill:#dbeafe,stroke:#2563eb,color:#172554",
    "fill:#dcfce7,stroke:#15803d,color:#052e16",
    "fill:#fef3c7,stroke:#b45309,color:#451a03",
    "fill:#fae8ff,stroke:#a21caf,color:#4a044e",
    "fill:#cffafe,stroke:#0e7490,color:#083344",
    "fill:#ffe4e6,stroke:#be123c,color:#4c0519",
];

fn shape(node: &Node) -> String {
    let label = escape(&node.label);
    match node.kind {
        NodeKind::Message(MessageKind::Event) => format!("([\"{label}\"])"),
        NodeKind::Message(_) => format!("[\"{label}\"]"),
        NodeKind::Function(_) => format!("[[\"{label}\"]]"),
        NodeKind::Slice => format!("(\"{label}\")"),
    }
}

/// Mermaid's own way to write a character by its number.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ' ') {
            out.push(c);
        } else {
            write!(out, "#{};", u32::from(c)).expect("writing to a String cannot fail");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_cannot_leave_their_quotes() {
        assert_eq!(super::escape("a\"]<b>\n"), "a#34;#93;#60;b#62;#10;");
    }
}
