//! A short list of names and values at the top of a page.

use crate::html::{Element, Html, el};

/// Facts, in order; empty ones are not shown.
#[derive(Default)]
pub(super) struct Facts(Vec<Element>);

impl Facts {
    pub(super) fn add(mut self, name: &'static str, value: impl Into<Html>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push(el("div").add(el("dt").add(name)).add(el("dd").add(value)));
        }
        self
    }
}

impl From<Facts> for Html {
    fn from(facts: Facts) -> Self {
        el("dl").class("facts").each(facts.0).into()
    }
}
