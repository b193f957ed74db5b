//! The first page: what the application is made of, and how it moves.

use super::{View, count, section, shell::Shell};
use crate::{
    flow::Flow,
    html::{Element, Html, el},
    prose,
};
use anywise_core::catalog::{FunctionKind, MessageKind, Slice};
use std::fmt::Write;

/// Beyond this many nodes the page shows slices instead of messages.
const READABLE: usize = 160;

pub(crate) fn home(view: View<'_>) -> String {
    let catalog = view.lookup.catalog;
    let title = if catalog.application.is_empty() { "Application" } else { &catalog.application };
    let description = format!(
        "{}, {}, {}.",
        count(catalog.slices.len(), "slice"),
        count(catalog.messages.len(), "message"),
        count(catalog.functions.len(), "function")
    );
    let body = [
        Html::from(el("h1").add(title)),
        el("ul").class("counts").each(counts(view)).into(),
        flow(view),
        section("slices", "Slices")
            .add(el("div").class("cards").each(catalog.slices.iter().map(|s| card(view, s))))
            .into(),
    ];
    Shell { title, description, path: "index.html".to_owned(), slice: None, body: body.into_iter().collect() }
        .render(view)
}

fn counts(view: View<'_>) -> Vec<Element> {
    let catalog = view.lookup.catalog;
    let messages = |kind| catalog.messages.iter().filter(|m| m.kind == kind).count();
    let functions = |kind| catalog.functions.iter().filter(|f| f.kind == kind).count();
    [
        (catalog.slices.len(), "slice"),
        (messages(MessageKind::Command), "command"),
        (messages(MessageKind::Query), "query"),
        (messages(MessageKind::Event), "event"),
        (functions(FunctionKind::Handler), "handler"),
        (functions(FunctionKind::Listener), "listener"),
        (functions(FunctionKind::Guard), "guard"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, one)| {
        let words = count(n, one);
        let (number, word) = words.split_once(' ').unwrap_or((&words, ""));
        el("li").add(el("strong").add(number)).add(" ").add(word)
    })
    .collect()
}

fn flow(view: View<'_>) -> Html {
    let catalog = view.lookup.catalog;
    let flow = Flow::application(catalog);
    if flow.nodes().len() > READABLE {
        let words =
            "Too large to draw message by message: these are the slices. Each slice has its own diagram.";
        return view.flow_section(&Flow::slices(catalog), "the slices", el("p").class("intro").add(words));
    }
    let hidden =
        catalog.messages.iter().filter(|m| m.kind == MessageKind::Query && m.sent_by.is_empty()).count();
    let mut words = "Commands come in, handlers emit events, listeners answer them. Follow the arrows; every box is a link.".to_owned();
    if hidden > 0 {
        let queries = count(hidden, "query");
        write!(words, " Left out: {queries} that change nothing.").expect("writing to a String cannot fail");
    }
    view.flow_section(&flow, "the application", el("p").class("intro").add(words))
}

fn card(view: View<'_>, slice: &Slice) -> Element {
    let messages = view.lookup.messages_of(&slice.name).count();
    let functions = view.lookup.catalog.functions.iter().filter(|f| f.slice == slice.name).count();
    let remote = (!slice.local).then(|| el("span").class("badge").add("runs elsewhere"));
    el("article")
        .class(format_args!("card {}", view.lookup.hue(&slice.name)))
        .add(el("h3").add(view.slice_link(&slice.name)).add(remote))
        .add(el("p").add(prose::summary(&slice.docs)))
        .add(el("p").class("note").add(format!(
            "{}, {}",
            count(messages, "message"),
            count(functions, "function")
        )))
}
