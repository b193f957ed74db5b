//! The resolved guard chain of a function: every step a message takes to reach it.

use super::{View, code};
use crate::html::{Element, el};
use anywise_core::catalog::Function;

/// The guards in the order they run, then the function itself.
pub(super) fn chain(view: View<'_>, function: &Function) -> Element {
    let steps = function.guards.iter().map(|step| {
        let provides = view.lookup.function(&step.id).and_then(|guard| guard.provides.as_ref());
        el("li")
            .add(view.function_link(&step.id))
            .add(el("span").class("note").add("guards ").add(code(&step.target)))
            .add(provides.map(|provides| el("span").class("note").add("provides ").add(code(provides))))
            .add(step.around.then(|| el("span").class("note").add("around: sees the reply too")))
    });
    let end = el("li")
        .class("end")
        .add(el("strong").add(&function.name))
        .add(el("span").class("note").add("this function"));
    el("ol").class("chain").each(steps).add(end)
}

/// The chain in one line, for cards.
pub(super) fn short(view: View<'_>, function: &Function) -> Element {
    let steps = function.guards.iter().map(|step| el("li").add(view.function_link(&step.id)));
    let end = el("li").add(view.function_link(&function.id));
    el("ol").class("chain short").each(steps).add(end)
}
