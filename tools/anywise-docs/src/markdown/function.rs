//! The Markdown page of a function.

use super::{Document, Tree, code, place};
use crate::{
    flow::{Flow, function_word},
    prose::{self, escape_markdown},
};
use anywise_core::catalog::{Function, Parameter};

pub(super) fn page(tree: Tree<'_>, function: &Function) -> String {
    let mut out = Document::default();
    out.heading(1, &code(&function.name));
    out.paragraph(format!("A {} of {}.", function_word(function.kind), tree.slice(&function.slice)));
    out.paragraph(prose::to_markdown(&function.docs));
    facts(&mut out, tree, function);
    chain(&mut out, tree, function);
    parameters(&mut out, function);
    if let Some(guarantee) = &function.guarantee {
        out.heading(2, "Guarantee");
        out.paragraph(format!(
            "**{}**: {}",
            escape_markdown(&guarantee.name),
            escape_markdown(&guarantee.reason)
        ));
    }
    out.flow(&Flow::function(tree.lookup.catalog, &function.id));
    if !function.faults.is_empty() {
        out.heading(2, "Faults");
        let rows = function
            .faults
            .iter()
            .map(|f| vec![code(&f.code), escape_markdown(&f.kind), f.status.to_string()]);
        out.table(&["Code", "Kind", "HTTP status"], rows);
    }
    let guarded = tree.lookup.guarded_by(&function.id);
    if !guarded.is_empty() {
        out.heading(2, "Stands in front of");
        for f in guarded {
            out.line(format!("- {}", tree.function(&f.id)));
        }
    }
    out.finish()
}

fn facts(out: &mut Document, tree: Tree<'_>, function: &Function) {
    let text = |value: &Option<String>| value.as_deref().map(code).unwrap_or_default();
    out.fact("Receives", tree.messages(&function.receives));
    out.fact("Emits", tree.messages(&function.emits));
    out.fact("Sends", tree.messages(&function.sends));
    out.fact("Provides", text(&function.provides));
    out.fact("Guards", text(&function.target));
    out.fact("Order", if function.order == 0 { String::new() } else { function.order.to_string() });
    out.fact("Around", if function.around { "sees the reply" } else { "" });
    out.fact("Timeout", function.timeout_ms.map(|ms| format!("{ms} ms")).unwrap_or_default());
    out.fact("Runs at", function.schedule.as_ref().map(|line| format!("`{line}` (UTC)")).unwrap_or_default());
    out.fact("At one time", function.concurrency.map(|n| format!("at most {n}")).unwrap_or_default());
    out.fact("Runs on", if function.blocking { "the blocking pool" } else { "" });
    out.fact("Path", code(&function.id));
    out.fact("Declared", place(&function.site));
    out.line("");
}

fn chain(out: &mut Document, tree: Tree<'_>, function: &Function) {
    if function.guards.is_empty() {
        return;
    }
    out.heading(2, "Guard chain");
    for (n, step) in function.guards.iter().enumerate() {
        let around = if step.around { ", around" } else { "" };
        out.line(format!("{}. {} (guards {}{around})", n + 1, tree.function(&step.id), code(&step.target)));
    }
    out.line(format!("{}. {}", function.guards.len() + 1, code(&function.name)));
    out.line("");
}

fn parameters(out: &mut Document, function: &Function) {
    let rows = |role: &str, parameters: &[Parameter]| {
        let row = |p: &Parameter| vec![code(&p.name), role.to_owned(), code(&p.type_name)];
        parameters.iter().map(row).collect::<Vec<_>>()
    };
    let all =
        [rows("takes", &function.takes), rows("needs", &function.needs), rows("writes", &function.writes)]
            .concat();
    if !all.is_empty() {
        out.heading(2, "Parameters");
        out.table(&["Parameter", "Role", "Type"], all);
    }
}
