//! The search index: a script that hands its rows to the page.
//!
//! A script rather than JSON, because a page opened from a file may load scripts
//! beside it but may not fetch. It is an asset of its own, so it never stands
//! inside HTML.

use crate::{
    flow::{function_word, message_word},
    lookup::Lookup,
    prose,
};
use anywise_core::catalog::{Function, Message, Slice};
use serde_json::{Value, json};

/// Longest summary kept; the results show one line.
const LONGEST: usize = 140;

/// Rows of kind, name, slice, page, summary, and further words that find it.
pub(crate) fn index(lookup: &Lookup<'_>) -> String {
    let catalog = lookup.catalog;
    let slices = catalog.slices.iter().map(|s| slice(lookup, s));
    let messages = catalog.messages.iter().map(|m| message(lookup, m));
    let functions = catalog.functions.iter().map(|f| function(lookup, f));
    let rows: Vec<String> = slices.chain(messages).chain(functions).map(|row| row.to_string()).collect();
    format!("globalThis.anywiseIndex = [\n{}\n];\n", rows.join(",\n"))
}

fn slice(lookup: &Lookup<'_>, slice: &Slice) -> Value {
    let path = lookup.slice_path(&slice.name);
    json!(["slice", slice.name, slice.name, path, short(&slice.docs), slice.module])
}

fn message(lookup: &Lookup<'_>, message: &Message) -> Value {
    let mut words = vec![message.type_name.clone()];
    words.extend(message.aliases.iter().cloned());
    words.extend(message.families.iter().cloned());
    words.extend(message.http.iter().map(|http| format!("{} {}", http.method, http.path)));
    let path = lookup.message_path(&message.name);
    json!([
        message_word(message.kind),
        message.name,
        message.slice,
        path,
        short(&message.docs),
        words.join(" ")
    ])
}

fn function(lookup: &Lookup<'_>, function: &Function) -> Value {
    let mut words = vec![function.id.clone()];
    words.extend(function.faults.iter().map(|fault| fault.code.clone()));
    words.extend(function.provides.iter().cloned());
    let path = lookup.function_path(&function.id);
    json!([
        function_word(function.kind),
        function.name,
        function.slice,
        path,
        short(&function.docs),
        words.join(" ")
    ])
}

fn short(docs: &str) -> String {
    let summary = prose::summary(docs);
    if summary.chars().count() <= LONGEST {
        return summary;
    }
    summary.chars().take(LONGEST - 1).chain(['…']).collect()
}
