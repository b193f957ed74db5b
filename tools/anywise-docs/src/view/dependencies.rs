//! All application dependencies: where each comes from, who borrows it.

use super::{View, code, links, row, shell::Shell};
use crate::html::{Html, el};

pub(crate) fn dependencies(view: View<'_>) -> String {
    let all = &view.lookup.catalog.dependencies;
    let rows = all.iter().map(|dependency| {
        let source = match view.lookup.function(&dependency.source) {
            Some(provider) => view.function_link(&provider.id),
            None => Html::from(&dependency.source),
        };
        row(
            code(&dependency.type_name),
            [source, links(dependency.needed_by.iter().map(|id| view.function_link(id)))],
        )
    });
    let mut body = Html::from(el("h1").add("Dependencies"));
    body.push(
        el("p")
            .class("intro")
            .add("Values the whole application shares. Each is resolved once, at start-up."),
    );
    if all.is_empty() {
        body.push(el("p").class("none").add("No function borrows one."));
    } else {
        body.push(super::table("Dependencies", &["Type", "Comes from", "Needed by"], rows));
    }
    Shell {
        title: "Dependencies",
        description: "Every shared dependency and who borrows it.".to_owned(),
        path: "dependencies.html".to_owned(),
        slice: None,
        body,
    }
    .render(view)
}
