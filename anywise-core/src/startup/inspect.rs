//! The catalog as text, for a terminal.

use std::fmt::Write as _;

use crate::catalog::{Catalog, Function, FunctionKind};

/// Lists slices and, below each, its handlers, listeners and guards.
pub(crate) fn text(catalog: &Catalog) -> String {
    let mut out = format!("application {}\n", catalog.application);
    for slice in &catalog.slices {
        let place = if slice.local { "" } else { " (runs elsewhere)" };
        let docs = if slice.docs.is_empty() { String::new() } else { format!(": {}", slice.docs) };
        let _ = writeln!(out, "\nslice {}{place}{docs}", slice.name);
        for function in catalog.functions.iter().filter(|function| function.slice == slice.name) {
            line(&mut out, function);
        }
    }
    out
}

fn line(out: &mut String, function: &Function) {
    let kind = match function.kind {
        FunctionKind::Handler => "handler ",
        FunctionKind::Listener => "listener",
        FunctionKind::Guard => "guard   ",
        FunctionKind::Provider => "provider",
    };
    let _ = write!(out, "  {kind} {}", function.name);
    let mut part = |word: &str, items: &[String]| {
        if !items.is_empty() {
            let _ = write!(out, " {word} {}", items.join(", "));
        }
    };
    part("<-", &function.receives);
    part("on", function.target.as_slice());
    part("->", &function.emits);
    part("=>", &function.sends);
    part("provides", function.provides.as_slice());
    let guards: Vec<_> = function.guards.iter().map(|guard| guard.id.clone()).collect();
    part("behind", &guards);
    let _ = writeln!(out, "  ({}:{})", function.site.file, function.site.line);
}
