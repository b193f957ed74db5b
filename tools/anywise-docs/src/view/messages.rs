//! All messages, by kind.

use super::{View, links, route, row, section, shell::Shell};
use crate::{
    html::{Element, Html, el},
    prose,
};
use anywise_core::catalog::{Message, MessageKind};

pub(crate) fn messages(view: View<'_>) -> String {
    let all = &view.lookup.catalog.messages;
    let mut body = Html::from(el("h1").add("Messages"));
    for (kind, id, title, words) in [
        (MessageKind::Command, "commands", "Commands", "Each asks one handler to change state."),
        (
            MessageKind::Query,
            "queries",
            "Queries",
            "Each asks one handler for present state and changes nothing.",
        ),
        (
            MessageKind::Event,
            "events",
            "Events",
            "Each says that something happened; any number of listeners hear it.",
        ),
    ] {
        let mut some = all.iter().filter(|m| m.kind == kind).peekable();
        if some.peek().is_some() {
            body.push(
                section(id, title).add(el("p").class("intro").add(words)).add(table(view, title, some)),
            );
        }
    }
    Shell {
        title: "Messages",
        description: "Every command, query and event.".to_owned(),
        path: "messages.html".to_owned(),
        slice: None,
        body,
    }
    .render(view)
}

/// Messages as a table, with where each comes from and goes to.
pub(super) fn table<'a>(view: View<'_>, label: &str, messages: impl Iterator<Item = &'a Message>) -> Element {
    let rows = messages.map(|m| {
        let mut about = Html::from(prose::summary(&m.docs));
        about.push(m.http.as_ref().map(|http| el("small").add(route(http))));
        row(
            view.message_link(&m.name),
            [
                about,
                links(m.sent_by.iter().map(|id| view.function_link(id))),
                links(m.received_by.iter().map(|id| view.function_link(id))),
            ],
        )
    });
    super::table(label, &["Message", "What it says", "Sent by", "Received by"], rows)
}
