//! A JSON Schema as Markdown tables.

use super::{Document, code, summary};
use crate::{
    prose::escape_markdown,
    schema::{self, Table, Word, Words},
};
use serde_json::Value;

pub(super) fn write(out: &mut Document, schema: &Value) {
    for table in schema::tables(schema) {
        if let Some(name) = &table.name {
            out.heading(3, &code(name));
            out.paragraph(summary(&table.docs));
        }
        content(out, &table);
        for variant in &table.variants {
            out.paragraph(format!("Or {}:", code(variant.name.as_deref().unwrap_or("variant"))));
            content(out, variant);
        }
    }
}

fn content(out: &mut Document, table: &Table) {
    out.paragraph(typed(&table.words, &table.limits));
    if table.fields.is_empty() {
        return;
    }
    let rows = table.fields.iter().map(|field| {
        let required = if field.required { "required" } else { "optional" };
        vec![code(&field.name), typed(&field.words, &field.limits), required.to_owned(), summary(&field.docs)]
    });
    out.table(&["Field", "Type", "Required", "What it is"], rows);
}

fn typed(type_words: &Words, limits: &[String]) -> String {
    let mut out = vec![words(type_words)];
    out.extend(limits.iter().map(|limit| escape_markdown(limit)));
    out.join(", ")
}

fn words(words: &Words) -> String {
    words
        .iter()
        .map(|word| match word {
            Word::Text(text) => {
                // Joining words keep the space around them.
                let (left, right) = (text.starts_with(' '), text.ends_with(' '));
                format!(
                    "{}{}{}",
                    if left { " " } else { "" },
                    escape_markdown(text),
                    if right { " " } else { "" }
                )
            }
            Word::Definition(name) => code(name),
        })
        .collect()
}
