//! All functions, by kind.

use super::{View, code, links, row, section, shell::Shell};
use crate::{
    html::{Element, Html, el},
    prose,
};
use anywise_core::catalog::{Function, FunctionKind};

pub(crate) fn functions(view: View<'_>) -> String {
    let all = &view.lookup.catalog.functions;
    let mut body = Html::from(el("h1").add("Functions"));
    for (kind, id, title, words) in [
        (FunctionKind::Handler, "handlers", "Handlers", "Each answers a command or a query."),
        (FunctionKind::Listener, "listeners", "Listeners", "Each reacts to an event."),
        (
            FunctionKind::Guard,
            "guards",
            "Guards",
            "Each runs before or around other functions and may refuse.",
        ),
        (FunctionKind::Provider, "providers", "Providers", "Each builds a dependency from others."),
    ] {
        let mut some = all.iter().filter(|f| f.kind == kind).peekable();
        if some.peek().is_some() {
            body.push(section(id, title).add(el("p").class("intro").add(words)).add(table(view, kind, some)));
        }
    }
    Shell {
        title: "Functions",
        description: "Every handler, listener, guard and provider.".to_owned(),
        path: "functions.html".to_owned(),
        slice: None,
        body,
    }
    .render(view)
}

/// Functions of one kind as a table.
pub(super) fn table<'a>(
    view: View<'_>,
    kind: FunctionKind,
    functions: impl Iterator<Item = &'a Function>,
) -> Element {
    let about = |f: &Function| Html::from(prose::summary(&f.docs));
    match kind {
        FunctionKind::Handler | FunctionKind::Listener => {
            let rows = functions.map(|f| {
                let sent = f.emits.iter().chain(&f.sends).map(|m| view.message_link(m));
                row(
                    view.function_link(&f.id),
                    [about(f), links(f.receives.iter().map(|m| view.message_link(m))), links(sent)],
                )
            });
            super::table("Functions", &["Function", "What it does", "Receives", "Emits and sends"], rows)
        }
        FunctionKind::Guard => {
            let rows = functions.map(|f| {
                let target = f.target.as_ref().map(|target| code(target));
                let provides = f.provides.as_ref().map(|provides| code(provides));
                row(view.function_link(&f.id), [about(f), target.into(), provides.into()])
            });
            super::table("Guards", &["Guard", "What it does", "Guards", "Provides"], rows)
        }
        FunctionKind::Provider => {
            let rows = functions.map(|f| {
                let provides = f.provides.as_ref().map(|provides| code(provides));
                row(view.function_link(&f.id), [about(f), provides.into()])
            });
            super::table("Providers", &["Provider", "What it does", "Provides"], rows)
        }
    }
}
