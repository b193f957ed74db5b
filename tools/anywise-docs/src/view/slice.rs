//! A slice: its flow, its messages, its functions.

use super::{View, badge, code, facts::Facts, messages, section, shell::Shell};
use crate::{
    flow::Flow,
    html::{Html, el},
    prose,
};
use anywise_core::catalog::{FunctionKind, Slice};

pub(crate) fn slice(view: View<'_>, slice: &Slice) -> String {
    let name = slice.name.as_str();
    let hue = view.lookup.hue(name);
    let facts = Facts::default()
        .add("Module", code(&slice.module))
        .add("Declared", slice.site.as_ref().map(|site| view.source(site)))
        .add(
            "Runs",
            if slice.local { "in this application" } else { "elsewhere: only its messages are linked here" },
        );
    let intro = "The functions of this slice, and who is at the other end of its messages.";
    let mut body = Html::empty();
    body.push(
        el("div")
            .class(format_args!("title {hue}"))
            .add(el("p").class("kicker").add(badge("slice")))
            .add(el("h1").add(name)),
    );
    body.push(view.docs(&slice.docs, name));
    body.push(facts);
    body.push(view.flow_section(
        &Flow::slice(view.lookup.catalog, name),
        name,
        el("p").class("intro").add(intro),
    ));
    let mut own = view.lookup.messages_of(name).peekable();
    if own.peek().is_some() {
        body.push(section("messages", "Messages").add(messages::table(view, "Messages", own)));
    }
    for (kind, id, title) in [
        (FunctionKind::Handler, "handlers", "Handlers"),
        (FunctionKind::Listener, "listeners", "Listeners"),
        (FunctionKind::Guard, "guards", "Guards"),
        (FunctionKind::Provider, "providers", "Providers"),
    ] {
        let mut functions = view.lookup.functions_of(name, kind).peekable();
        if functions.peek().is_some() {
            body.push(section(id, title).add(super::functions::table(view, kind, functions)));
        }
    }
    Shell {
        title: name,
        description: prose::summary(&slice.docs),
        path: view.lookup.slice_path(name).unwrap_or_default(),
        slice: Some(name),
        body,
    }
    .render(view)
}
