//! The Markdown pages: the same content as the site, for repositories and readers
//! that render Markdown and Mermaid.

mod function;
mod message;
mod schema;

use crate::{
    flow::{Flow, message_word},
    lookup::Lookup,
    page::Page,
    prose::{self, escape_markdown},
};
use anywise_core::catalog::{Catalog, FunctionKind, MessageKind, Site, Slice};
use std::fmt::Write;

const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// Writes a catalog as Markdown: `README.md`, and a page a slice, message and function.
///
/// The pages are sorted by path and the same catalog gives the same bytes. Write
/// them with [`Page::write_all`].
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// use anywise_docs::{Page, markdown};
/// # let catalog = anywise_core::catalog::Catalog::default();
/// # let dir = std::env::temp_dir().join(format!("anywise-docs-{}", std::process::id()));
/// let written = Page::write_all(&markdown(&catalog), &dir)?;
/// # std::fs::remove_dir_all(&dir)?;
/// assert_eq!(written, 1); // an empty catalog has a README only
/// # Ok(())
/// # }
/// ```
pub fn markdown(catalog: &Catalog) -> Vec<Page> {
    let lookup = Lookup::new(catalog, "md");
    let mut pages = vec![Page::new("README.md", MARKDOWN, readme(Tree { lookup: &lookup, root: "" }))];
    let tree = Tree { lookup: &lookup, root: "../" };
    for slice in &catalog.slices {
        pages.extend(
            lookup.slice_path(&slice.name).map(|path| Page::new(path, MARKDOWN, self::slice(tree, slice))),
        );
    }
    for message in &catalog.messages {
        pages.extend(
            lookup
                .message_path(&message.name)
                .map(|path| Page::new(path, MARKDOWN, message::page(tree, message))),
        );
    }
    for function in &catalog.functions {
        pages.extend(
            lookup
                .function_path(&function.id)
                .map(|path| Page::new(path, MARKDOWN, function::page(tree, function))),
        );
    }
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    pages.dedup_by(|a, b| a.path == b.path);
    pages
}

/// One page's view of the catalog.
#[derive(Clone, Copy)]
struct Tree<'a> {
    lookup: &'a Lookup<'a>,
    /// From this page to the root: empty or `../`.
    root: &'static str,
}

impl Tree<'_> {
    fn link(self, label: &str, path: Option<String>) -> String {
        match path {
            Some(path) => format!("[{}]({}{path})", code(label), self.root),
            None => code(label),
        }
    }

    fn message(self, wire: &str) -> String {
        self.link(wire, self.lookup.message_path(wire))
    }

    fn function(self, id: &str) -> String {
        let name = self.lookup.function(id).map_or(id, |f| &f.name);
        self.link(name, self.lookup.function_path(id))
    }

    fn slice(self, name: &str) -> String {
        self.link(name, self.lookup.slice_path(name))
    }

    fn messages(self, names: &[String]) -> String {
        list(names.iter().map(|name| self.message(name)))
    }

    fn functions(self, ids: &[String]) -> String {
        list(ids.iter().map(|id| self.function(id)))
    }
}

/// A document under construction.
#[derive(Default)]
struct Document(String);

impl Document {
    fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    /// A paragraph, when there is something in it.
    fn paragraph(&mut self, text: impl AsRef<str>) {
        if !text.as_ref().is_empty() {
            self.line(text);
            self.line("");
        }
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.paragraph(format!("{} {text}", "#".repeat(level)));
    }

    /// A name and a value on a line of a list, when there is a value.
    fn fact(&mut self, name: &str, value: impl AsRef<str>) {
        if !value.as_ref().is_empty() {
            self.line(format!("- {name}: {}", value.as_ref()));
        }
    }

    fn table(&mut self, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        self.line(format!("| {} |", columns.join(" | ")));
        self.line(format!("|{}", " --- |".repeat(columns.len())));
        for row in rows {
            self.line(format!("| {} |", row.join(" | ")));
        }
        self.line("");
    }

    fn flow(&mut self, flow: &Flow) {
        if !flow.is_empty() {
            self.heading(2, "Flow");
            self.paragraph(format!("```mermaid\n{}```", flow.mermaid()));
        }
    }

    fn finish(self) -> String {
        format!("{}\n", self.0.trim_end())
    }
}

/// Text as code, in a table or anywhere else.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // What would end the span or the cell cannot be escaped within code: it is shown as text.
    if text.contains(['`', '|', '\\']) || text.trim().is_empty() {
        return escape_markdown(&text);
    }
    format!("`{text}`")
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn place(site: &Site) -> String {
    code(&format!("{}:{}", site.file, site.line))
}

fn summary(docs: &str) -> String {
    escape_markdown(&prose::summary(docs))
}

fn readme(tree: Tree<'_>) -> String {
    let catalog = tree.lookup.catalog;
    let mut out = Document::default();
    let title = if catalog.application.is_empty() { "Application" } else { &catalog.application };
    out.heading(1, &escape_markdown(title));
    out.flow(&Flow::application(catalog));
    if !catalog.slices.is_empty() {
        out.heading(2, "Slices");
        out.table(
            &["Slice", "What it is for"],
            catalog.slices.iter().map(|s| vec![tree.slice(&s.name), summary(&s.docs)]),
        );
    }
    let routed: Vec<_> = catalog.messages.iter().filter_map(|m| Some((m, m.http.as_ref()?))).collect();
    if !routed.is_empty() {
        out.heading(2, "HTTP routes");
        let rows = routed.iter().map(|(m, http)| {
            let route = code(&format!("{} {}", http.method, http.path));
            vec![route, tree.message(&m.name), http.status.to_string(), summary(&m.docs)]
        });
        out.table(&["Route", "Message", "Status", "What it asks"], rows);
    }
    for (kind, title) in
        [(MessageKind::Command, "Commands"), (MessageKind::Query, "Queries"), (MessageKind::Event, "Events")]
    {
        let some: Vec<_> = catalog.messages.iter().filter(|m| m.kind == kind).collect();
        if !some.is_empty() {
            out.heading(2, title);
            let rows = some.iter().map(|m| {
                vec![tree.message(&m.name), tree.functions(&m.sent_by), tree.functions(&m.received_by)]
            });
            out.table(&["Message", "Sent by", "Received by"], rows);
        }
    }
    if !catalog.dependencies.is_empty() {
        out.heading(2, "Dependencies");
        let rows = catalog
            .dependencies
            .iter()
            .map(|d| vec![code(&d.type_name), tree.function(&d.source), tree.functions(&d.needed_by)]);
        out.table(&["Type", "Comes from", "Needed by"], rows);
    }
    out.finish()
}

fn slice(tree: Tree<'_>, slice: &Slice) -> String {
    let lookup = tree.lookup;
    let mut out = Document::default();
    out.heading(1, &format!("Slice {}", code(&slice.name)));
    out.paragraph(prose::to_markdown(&slice.docs));
    out.fact("Module", code(&slice.module));
    out.fact("Declared", slice.site.as_ref().map(place).unwrap_or_default());
    out.fact("Runs", if slice.local { "in this application" } else { "elsewhere" });
    out.line("");
    out.flow(&Flow::slice(lookup.catalog, &slice.name));
    let messages: Vec<_> = lookup.messages_of(&slice.name).collect();
    if !messages.is_empty() {
        out.heading(2, "Messages");
        let rows = messages
            .iter()
            .map(|m| vec![tree.message(&m.name), message_word(m.kind).to_owned(), summary(&m.docs)]);
        out.table(&["Message", "Kind", "What it says"], rows);
    }
    for (kind, title) in [
        (FunctionKind::Handler, "Handlers"),
        (FunctionKind::Listener, "Listeners"),
        (FunctionKind::Guard, "Guards"),
        (FunctionKind::Provider, "Providers"),
    ] {
        let functions: Vec<_> = lookup.functions_of(&slice.name, kind).collect();
        if !functions.is_empty() {
            out.heading(2, title);
            let rows = functions
                .iter()
                .map(|f| vec![tree.function(&f.id), tree.messages(&f.receives), summary(&f.docs)]);
            out.table(&["Function", "Receives", "What it does"], rows);
        }
    }
    out.finish()
}

/// "status 201, Location `/orders/{order_id}`".
fn answered(status: u16, location: Option<&str>) -> String {
    let mut out = format!("status {status}");
    if let Some(location) = location {
        write!(out, ", Location {}", code(location)).expect("writing to a String cannot fail");
    }
    out
}
