//! A JSON Schema as tables of fields, with the schema itself behind a fold.

use super::{View, code};
use crate::{
    html::{Element, Html, el},
    schema::{self, Table, Word, Words},
    slug::slug,
};
use serde_json::Value;

/// The tables of a schema. `part` (`body`, `reply`) keeps anchors apart.
pub(super) fn fields(view: View<'_>, part: &'static str, schema: &Value, slice: &str) -> Html {
    let shown = Shown { view, part, slice };
    let tables = schema::tables(schema);
    // Newtypes and plain enums need no table of their own.
    let (plain, large): (Vec<_>, Vec<_>) =
        tables.iter().partition(|t| t.name.is_some() && !t.words.is_empty());
    let mut out: Html = large.into_iter().map(|t| shown.definition(t)).collect();
    out.push((!plain.is_empty()).then(|| shown.named_types(&plain)));
    let raw = serde_json::to_string_pretty(schema).unwrap_or_default();
    out.push(
        el("details")
            .class("raw")
            .add(el("summary").add(format!("JSON Schema of the {part}")))
            .add(el("pre").attr("tabindex", "0").add(el("code").add(raw))),
    );
    out
}

struct Shown<'a> {
    view: View<'a>,
    part: &'static str,
    slice: &'a str,
}

impl Shown<'_> {
    fn definition(&self, table: &Table) -> Html {
        let variants = table.variants.iter().map(|variant| {
            let name = variant.name.as_deref().unwrap_or("variant");
            el("div")
                .class("variant")
                .add(el("p").add("Or ").add(code(name)))
                .add(self.view.docs(&variant.docs, self.slice))
                .add(self.content(variant))
        });
        let mut out = el("div").class("definition");
        if let Some(name) = &table.name {
            out = out
                .add(el("h3").attr("id", self.anchor(name)).add(code(name)))
                .add(self.view.docs(&table.docs, self.slice));
        }
        out.add(self.content(table)).each(variants).into()
    }

    fn named_types(&self, tables: &[&Table]) -> Element {
        let rows = tables.iter().map(|table| {
            let name = table.name.as_deref().unwrap_or_default();
            super::row(
                code(name).attr("id", self.anchor(name)),
                [self.typed(&table.words, &table.limits), self.view.docs(&table.docs, self.slice)],
            )
        });
        super::table("Named types", &["Named type", "Type", "What it is"], rows)
    }

    fn content(&self, table: &Table) -> Html {
        if !table.words.is_empty() {
            return el("p").add(self.typed(&table.words, &table.limits)).into();
        }
        if table.fields.is_empty() {
            return if table.variants.is_empty() {
                el("p").class("none").add("No fields.").into()
            } else {
                Html::empty()
            };
        }
        let label = format!("Fields of {}", table.name.as_deref().unwrap_or(self.part));
        let rows = table.fields.iter().map(|field| {
            super::row(
                code(&field.name),
                [
                    self.typed(&field.words, &field.limits),
                    if field.required {
                        "required".into()
                    } else {
                        el("span").class("none").add("optional").into()
                    },
                    self.view.docs(&field.docs, self.slice),
                ],
            )
        });
        super::table(&label, &["Field", "Type", "Required", "What it is"], rows).into()
    }

    fn typed(&self, words: &Words, limits: &[String]) -> Html {
        let mut out = Html::from(el("span").class("type").add(self.words(words)));
        out.push((!limits.is_empty()).then(|| el("small").add(limits.join(", "))));
        out
    }

    fn words(&self, words: &Words) -> Html {
        words
            .iter()
            .map(|word| match word {
                Word::Text(text) => Html::from(text),
                Word::Definition(name) => {
                    el("a").attr("href", format_args!("#{}", self.anchor(name))).add(name).into()
                }
            })
            .collect()
    }

    fn anchor(&self, definition: &str) -> String {
        format!("{}-{}", self.part, slug(definition))
    }
}
