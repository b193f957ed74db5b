//! The flow of messages: who sends what to whom, as a graph.
//!
//! The nodes are messages and functions (or whole slices), the edges come from
//! the exact `receives`, `emits` and `sends` sets of the catalog. A [`Flow`] is
//! built here, laid out in layers, and drawn as SVG or written as Mermaid.

mod layers;
mod layout;
mod mermaid;
mod order;
mod part;
mod place;
mod straight;
mod svg;

use anywise_core::catalog::{Catalog, Function, FunctionKind, Message, MessageKind};
use std::collections::{BTreeMap, BTreeSet};

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NodeKind {
    /// A slice as a whole.
    Slice,
    /// A command, query or event.
    Message(MessageKind),
    /// A handler, listener, guard or provider.
    Function(FunctionKind),
}

impl NodeKind {
    /// The kind in one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Slice => "slice",
            Self::Message(kind) => message_word(kind),
            Self::Function(kind) => function_word(kind),
        }
    }
}

/// A message kind in one word.
pub(crate) fn message_word(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Command => "command",
        MessageKind::Query => "query",
        MessageKind::Event => "event",
    }
}

/// A function kind in one word.
pub(crate) fn function_word(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Handler => "handler",
        FunctionKind::Listener => "listener",
        FunctionKind::Guard => "guard",
        FunctionKind::Provider => "provider",
    }
}

/// A message, function or slice in a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// Wire name, stable id or slice name.
    pub id: String,
    /// The name to show.
    pub label: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// Name of its slice.
    pub slice: String,
    /// True for the node the flow is about.
    pub focus: bool,
}

/// A graph of messages and functions.
///
/// # Examples
/// ```
/// use anywise_docs::flow::Flow;
/// # let catalog = anywise_core::catalog::Catalog::default();
/// let flow = Flow::application(&catalog);
/// assert!(flow.mermaid().starts_with("flowchart LR"));
/// let svg = flow.svg(&catalog, |node| Some(format!("/docs/{}", node.label)));
/// assert!(svg.starts_with("<svg"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    nodes: Vec<Node>,
    edges: Vec<(usize, usize)>,
}

impl Flow {
    /// Everything that moves: every command and event with the functions that
    /// send and receive it. A query is left out unless a function sends it.
    pub fn application(catalog: &Catalog) -> Self {
        let mut draft = Draft::new(catalog);
        for message in &catalog.messages {
            draft.add_unless_lone(message);
        }
        draft.functions = catalog.functions.iter().filter(|f| draft.takes_part(f)).collect();
        draft.finish(None)
    }

    /// One slice: its functions, the messages they receive and send, and the
    /// functions of other slices at the far end of those messages.
    pub fn slice(catalog: &Catalog, name: &str) -> Self {
        let mut draft = Draft::new(catalog);
        for message in catalog.messages.iter().filter(|m| m.slice == name) {
            draft.add_unless_lone(message);
        }
        for function in catalog.functions.iter().filter(|f| f.slice == name) {
            let received = function.receives.iter().map(String::as_str).filter(|m| !draft.is_lone_query(m));
            let near: Vec<_> = sent(function).chain(received).collect();
            draft.messages.extend(near);
        }
        draft.functions = catalog.functions.iter().filter(|f| draft.takes_part(f)).collect();
        draft.finish(None)
    }

    /// One message: who sends it and why, who receives it, and what those send next.
    pub fn message(catalog: &Catalog, wire: &str) -> Self {
        let mut draft = Draft::new(catalog);
        draft.messages.insert(wire_name(catalog, wire));
        for function in &catalog.functions {
            let receives = function.receives.iter().any(|m| m == wire);
            if receives {
                draft.messages.extend(sent(function));
            }
            if sent(function).any(|m| m == wire) {
                draft.messages.extend(function.receives.iter().map(String::as_str));
                draft.functions.push(function);
            } else if receives && function.kind != FunctionKind::Guard {
                draft.functions.push(function);
            }
        }
        draft.finish(Some(wire))
    }

    /// One function: what it receives and from whom, what it sends and to whom.
    pub fn function(catalog: &Catalog, id: &str) -> Self {
        let mut draft = Draft::new(catalog);
        let Some(function) = catalog.functions.iter().find(|f| f.id == id) else {
            return Self::default();
        };
        draft.messages.extend(function.receives.iter().map(String::as_str));
        draft.messages.extend(sent(function));
        let near = |f: &&Function| {
            f.id == id
                || (moves(f) && f.receives.iter().any(|m| sent(function).any(|s| s == m)))
                || sent(f).any(|s| function.receives.iter().any(|m| m == s))
        };
        draft.functions = catalog.functions.iter().filter(near).collect();
        draft.finish(Some(id))
    }

    /// The slices, with an edge where one sends what another receives.
    pub fn slices(catalog: &Catalog) -> Self {
        let mut receivers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for function in catalog.functions.iter().filter(|f| moves(f)) {
            for message in &function.receives {
                receivers.entry(message).or_default().insert(&function.slice);
            }
        }
        let at: BTreeMap<&str, usize> =
            catalog.slices.iter().enumerate().map(|(n, s)| (s.name.as_str(), n)).collect();
        let mut edges = BTreeSet::new();
        for function in &catalog.functions {
            for to in sent(function).filter_map(|m| receivers.get(m)).flatten() {
                if let (Some(&from), Some(&to)) = (at.get(function.slice.as_str()), at.get(to))
                    && from != to
                {
                    edges.insert((from, to));
                }
            }
        }
        let nodes = catalog.slices.iter().map(|slice| Node {
            id: slice.name.clone(),
            label: slice.name.clone(),
            kind: NodeKind::Slice,
            slice: slice.name.clone(),
            focus: false,
        });
        Self { nodes: nodes.collect(), edges: edges.into_iter().collect() }
    }

    /// The nodes: messages by wire name, then functions by id.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The edges, as places in [`nodes`](Self::nodes).
    pub fn edges(&self) -> &[(usize, usize)] {
        &self.edges
    }

    /// True when nothing is connected: there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// The flow as Mermaid text, for Markdown.
    pub fn mermaid(&self) -> String {
        mermaid::write(self)
    }

    /// The flow as an SVG element whose nodes are links.
    ///
    /// Colours come from the classes of the site's style sheet; nothing is loaded
    /// and nothing is styled inline.
    pub fn svg(&self, catalog: &Catalog, link: impl Fn(&Node) -> Option<String>) -> String {
        let lookup = crate::lookup::Lookup::new(catalog, "html");
        svg::draw(self, "the application", &|slice| lookup.hue(slice), &link).into_string()
    }

    pub(crate) fn draw(
        &self,
        about: &str,
        hue: &dyn Fn(&str) -> String,
        link: &dyn Fn(&Node) -> Option<String>,
    ) -> crate::html::Html {
        svg::draw(self, about, hue, link)
    }
}

/// Everything a function sends: events, commands, queries.
fn sent(function: &Function) -> impl Iterator<Item = &str> {
    function.emits.iter().chain(&function.sends).map(String::as_str)
}

/// True for the functions messages are delivered to.
fn moves(function: &Function) -> bool {
    matches!(function.kind, FunctionKind::Handler | FunctionKind::Listener)
}

/// The catalog's own copy of a name, so that it lives as long as the catalog.
fn wire_name<'a>(catalog: &'a Catalog, wire: &str) -> &'a str {
    catalog.messages.iter().find(|m| m.name == wire).map_or("", |m| &m.name)
}

/// The messages and functions chosen for a flow.
struct Draft<'a> {
    catalog: &'a Catalog,
    known: BTreeMap<&'a str, &'a Message>,
    messages: BTreeSet<&'a str>,
    functions: Vec<&'a Function>,
}

impl<'a> Draft<'a> {
    fn new(catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            known: catalog.messages.iter().map(|m| (m.name.as_str(), m)).collect(),
            messages: BTreeSet::new(),
            functions: Vec::new(),
        }
    }

    fn is_lone_query(&self, wire: &str) -> bool {
        self.known.get(wire).is_some_and(|m| m.kind == MessageKind::Query && m.sent_by.is_empty())
    }

    fn add_unless_lone(&mut self, message: &'a Message) {
        if !self.is_lone_query(&message.name) {
            self.messages.insert(&message.name);
        }
    }

    /// True for a function that receives or sends a chosen message.
    fn takes_part(&self, function: &Function) -> bool {
        let chosen = |m: &str| self.messages.contains(m);
        sent(function).any(chosen) || (moves(function) && function.receives.iter().any(|m| chosen(m)))
    }

    fn finish(self, focus: Option<&str>) -> Flow {
        let mut nodes = Vec::new();
        let mut at = BTreeMap::new();
        for wire in self.messages.iter().copied().filter(|wire| !wire.is_empty()) {
            at.insert(wire, nodes.len());
            nodes.push(self.message_node(wire, focus));
        }
        let mut edges = BTreeSet::new();
        for function in &self.functions {
            let here = nodes.len();
            nodes.push(Node {
                id: function.id.clone(),
                label: function.name.clone(),
                kind: NodeKind::Function(function.kind),
                slice: function.slice.clone(),
                focus: focus == Some(function.id.as_str()),
            });
            if moves(function) {
                edges.extend(function.receives.iter().filter_map(|m| at.get(m.as_str())).map(|&m| (m, here)));
            }
            edges.extend(sent(function).filter_map(|m| at.get(m)).map(|&m| (here, m)));
        }
        Flow { nodes, edges: edges.into_iter().collect() }
    }

    fn message_node(&self, wire: &str, focus: Option<&str>) -> Node {
        let known = self.known.get(wire);
        let (slice, label) = wire.split_once('.').unwrap_or(("", wire));
        // A name that is not in the catalog is still drawn: something sends it.
        let emitted = || self.catalog.functions.iter().any(|f| f.emits.iter().any(|m| m == wire));
        let kind = known.map_or_else(
            || {
                if emitted() { MessageKind::Event } else { MessageKind::Command }
            },
            |m| m.kind,
        );
        Node {
            id: wire.to_owned(),
            label: label.to_owned(),
            kind: NodeKind::Message(kind),
            slice: known.map_or(slice, |m| &m.slice).to_owned(),
            focus: focus == Some(wire),
        }
    }
}
