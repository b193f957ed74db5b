//! All HTTP routes.

use super::{View, code, row, shell::Shell};
use crate::{
    html::{Html, el},
    prose,
};
use anywise_core::catalog::Message;

pub(crate) fn routes(view: View<'_>) -> String {
    let mut routed: Vec<(&Message, _)> =
        view.lookup.catalog.messages.iter().filter_map(|m| Some((m, m.http.as_ref()?))).collect();
    routed.sort_by(|(a, x), (b, y)| (&x.path, &x.method, &a.name).cmp(&(&y.path, &y.method, &b.name)));
    let rows = routed.iter().map(|(message, http)| {
        row(
            super::route(http),
            [
                view.message_link(&message.name),
                prose::summary(&message.docs).into(),
                http.status.to_string().into(),
                message.reply.as_ref().map(|reply| code(&reply.type_name)).into(),
            ],
        )
    });
    let mut body = Html::from(el("h1").add("HTTP routes"));
    if routed.is_empty() {
        body.push(el("p").class("intro").add("No message has an HTTP route."));
    } else {
        body.push(super::table(
            "HTTP routes",
            &["Route", "Message", "What it asks", "Status", "Reply"],
            rows,
        ));
    }
    Shell {
        title: "HTTP routes",
        description: "Every HTTP route and the message it carries.".to_owned(),
        path: "routes.html".to_owned(),
        slice: None,
        body,
    }
    .render(view)
}
