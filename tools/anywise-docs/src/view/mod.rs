//! What every page is made of: links, badges, docs, and the way back to the root.

mod chain;
mod dead_letter;
mod dependencies;
mod facts;
mod fields;
mod function;
mod functions;
mod home;
mod message;
mod messages;
mod operations;
mod routes;
mod shell;
mod slice;

pub(crate) use dead_letter::dead_letter;
pub(crate) use dependencies::dependencies;
pub(crate) use function::function;
pub(crate) use functions::functions;
pub(crate) use home::home;
pub(crate) use message::message;
pub(crate) use messages::messages;
pub(crate) use operations::operations;
pub(crate) use routes::routes;
pub(crate) use shell::CONTENT_SECURITY_POLICY;
pub(crate) use slice::slice;

use crate::{
    flow::{Flow, Node, NodeKind, function_word, message_word},
    html::{Element, Html, el},
    lookup::Lookup,
    prose, url,
};
use anywise_core::catalog::{HttpRoute, Site as SourceSite};

/// One page's view of the catalog: what there is, and how to get to it from here.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) lookup: &'a Lookup<'a>,
    /// From this page to the root: empty or `../`.
    pub(crate) root: &'static str,
    /// Where the source can be read.
    pub(crate) source_base: Option<&'a str>,
    /// Whether there is an operations page beside it.
    pub(crate) live: bool,
}

impl View<'_> {
    /// An address as seen from this page.
    fn href(self, path: impl AsRef<str>) -> String {
        format!("{}{}", self.root, path.as_ref())
    }

    /// A message by its wire name, linked when the catalog knows it.
    fn message_link(self, wire: &str) -> Html {
        match (self.lookup.message(wire), self.lookup.message_path(wire)) {
            (Some(message), Some(path)) => el("a")
                .class(format_args!("ref {} {}", message_word(message.kind), self.lookup.hue(&message.slice)))
                .attr("href", self.href(path))
                .add(wire)
                .into(),
            _ => code(wire).into(),
        }
    }

    /// A function by its stable id, shown by its name.
    fn function_link(self, id: &str) -> Html {
        match (self.lookup.function(id), self.lookup.function_path(id)) {
            (Some(function), Some(path)) => el("a")
                .class(format_args!(
                    "ref {} {}",
                    function_word(function.kind),
                    self.lookup.hue(&function.slice)
                ))
                .attr("href", self.href(path))
                .attr("title", id)
                .add(&function.name)
                .into(),
            _ => code(id).into(),
        }
    }

    /// A slice by its name.
    fn slice_link(self, name: &str) -> Html {
        match self.lookup.slice_path(name) {
            Some(path) => el("a")
                .class(format_args!("ref slice {}", self.lookup.hue(name)))
                .attr("href", self.href(path))
                .add(name)
                .into(),
            None => code(name).into(),
        }
    }

    /// A doc comment, with names linked to their pages.
    fn docs(self, docs: &str, slice: &str) -> Html {
        let html = prose::to_html(docs, &|name| self.lookup.named(name, slice).map(|path| self.href(path)));
        if html.is_empty() { html } else { el("div").class("prose").add(html).into() }
    }

    /// A place in the source: a link, or its file and line.
    fn source(self, site: &SourceSite) -> Html {
        let place = code(&format!("{}:{}", site.file, site.line));
        match url::source(self.source_base, site) {
            Some(href) => el("a").class("source").attr("href", href).add(place).into(),
            None => place.into(),
        }
    }

    /// The section with a flow, or nothing when nothing flows.
    fn flow_section(self, flow: &Flow, about: &str, intro: impl Into<Html>) -> Html {
        if flow.is_empty() {
            return Html::empty();
        }
        let link = |node: &Node| {
            let path = match node.kind {
                NodeKind::Slice => self.lookup.slice_path(&node.id),
                NodeKind::Message(_) => self.lookup.message_path(&node.id),
                NodeKind::Function(_) => self.lookup.function_path(&node.id),
            };
            path.map(|path| self.href(path))
        };
        let svg = flow.draw(about, &|slice| self.lookup.hue(slice), &link);
        section("flow", "Flow")
            .add(intro)
            .add(el("a").class("skip").attr("href", "#after-flow").add("Skip the diagram"))
            .add(
                el("div")
                    .class("diagram")
                    .attr("role", "region")
                    .attr("aria-label", "Diagram, scrolls sideways")
                    .attr("tabindex", "0")
                    .add(svg),
            )
            .add(legend())
            .into()
    }
}

/// A section with its heading; the heading can be linked to.
fn section(id: &'static str, title: &str) -> Element {
    el("section").attr("aria-labelledby", id).add(heading(id, title))
}

fn heading(id: impl AsRef<str>, title: &str) -> Element {
    let id = id.as_ref();
    el("h2").attr("id", id).add(title).add(
        el("a")
            .class("anchor")
            .attr("href", format_args!("#{id}"))
            .attr("aria-label", format_args!("Link to {title}"))
            .add("#"),
    )
}

/// What the shapes of a diagram mean; also where skipping the diagram leads.
fn legend() -> Element {
    let entry =
        |class: &'static str, words: &'static str| el("li").class(format_args!("ref {class}")).add(words);
    el("ul").class("legend").attr("id", "after-flow").attr("aria-label", "Shapes").each([
        entry("command", "command"),
        entry("query", "query"),
        entry("event", "event"),
        entry("handler", "handler or listener"),
    ])
}

fn badge(word: &str) -> Element {
    el("span").class(format_args!("badge {word}")).add(word)
}

/// Method and path of a route.
fn route(route: &HttpRoute) -> Element {
    el("span")
        .class("route")
        .add(el("span").class("method").add(&route.method))
        .add(" ")
        .add(code(&route.path))
}

/// A list of links, or a dash.
fn links(items: impl IntoIterator<Item = Html>) -> Html {
    let items: Vec<_> = items.into_iter().map(|item| el("li").add(item)).collect();
    if items.is_empty() {
        return el("span").class("none").add("none").into();
    }
    el("ul").class("links").each(items).into()
}

/// A row: the cell that names it, then the others.
type Row = Vec<Html>;

fn row<const N: usize>(first: impl Into<Html>, cells: [Html; N]) -> Row {
    [first.into()].into_iter().chain(cells).collect()
}

/// A table that scrolls by itself, and whose rows become cards when the page is narrow.
///
/// The roles are spelled out because some browsers forget them when the style
/// sheet changes how a table is laid out; the labels are for the cards.
fn table(label: &str, columns: &[&str], rows: impl IntoIterator<Item = Row>) -> Element {
    let head =
        columns.iter().map(|&name| el("th").attr("role", "columnheader").attr("scope", "col").add(name));
    let rows = rows.into_iter().map(|row| {
        let cells = row.into_iter().zip(columns).enumerate().map(|(n, (cell, &column))| {
            let made = match n {
                0 => el("th").attr("role", "rowheader").attr("scope", "row"),
                _ => el("td").attr("role", "cell").attr("data-label", column),
            };
            made.add(cell)
        });
        el("tr").attr("role", "row").each(cells)
    });
    let head = el("thead").attr("role", "rowgroup").add(el("tr").attr("role", "row").each(head));
    let body = el("tbody").attr("role", "rowgroup").each(rows);
    el("div")
        .class("table")
        .attr("role", "region")
        .attr("aria-label", label)
        .attr("tabindex", "0")
        .add(el("table").attr("role", "table").attr("aria-label", label).add(head).add(body))
}

/// A name or a type as code that may break after its punctuation.
fn code(text: &str) -> Element {
    let pieces = text.split_inclusive(['/', ':', '_', '.', ',', '<', '(']);
    pieces.enumerate().fold(el("code"), |code, (n, piece)| {
        let code = if n > 0 { code.add(el("wbr")) } else { code };
        code.add(piece)
    })
}

/// "1 event", "2 events".
fn count(n: usize, one: &str) -> String {
    match (n, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        _ => format!("{n} {one}s"),
    }
}
