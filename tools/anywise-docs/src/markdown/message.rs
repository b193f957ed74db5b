//! The Markdown page of a message.

use super::{Document, Tree, answered, code, list, place, schema};
use crate::{
    flow::{Flow, message_word},
    prose,
};
use anywise_core::catalog::{Message, MessageKind};

pub(super) fn page(tree: Tree<'_>, message: &Message) -> String {
    let mut out = Document::default();
    out.heading(1, &code(&message.name));
    let article = if message.kind == MessageKind::Event { "An" } else { "A" };
    out.paragraph(format!("{article} {} of {}.", message_word(message.kind), tree.slice(&message.slice)));
    out.paragraph(prose::to_markdown(&message.docs));
    facts(&mut out, tree, message);
    out.flow(&Flow::message(tree.lookup.catalog, &message.name));
    receivers(&mut out, tree, message);
    if let Some(body) = &message.schema {
        out.heading(2, "Body");
        schema::write(&mut out, body);
    }
    if let Some(reply) = &message.reply {
        out.heading(2, "Reply");
        out.paragraph(code(&reply.type_name));
        if let Some(body) = &reply.schema {
            schema::write(&mut out, body);
        }
    }
    out.finish()
}

fn facts(out: &mut Document, tree: Tree<'_>, message: &Message) {
    if let Some(http) = &message.http {
        let route = code(&format!("{} {}", http.method, http.path));
        out.fact("HTTP", format!("{route}, {}", answered(http.status, http.location.as_deref())));
    }
    out.fact("Ordered by", message.key.as_deref().map(code).unwrap_or_default());
    out.fact("Version", message.version.to_string());
    out.fact("Once named", list(message.aliases.iter().map(|name| code(name))));
    out.fact("Families", list(message.families.iter().map(|name| code(name))));
    out.fact("Local", if message.local { "never leaves the process" } else { "" });
    out.fact("Declared", place(&message.site));
    out.fact("Sent by", or(tree.functions(&message.sent_by), "nobody here: it comes from outside"));
    out.line("");
}

fn receivers(out: &mut Document, tree: Tree<'_>, message: &Message) {
    out.heading(2, if message.kind == MessageKind::Event { "Listeners" } else { "Handler" });
    if message.received_by.is_empty() {
        out.paragraph("None in this application.");
        return;
    }
    let rows = message.received_by.iter().map(|id| match tree.lookup.function(id) {
        Some(f) => vec![
            tree.function(id),
            tree.slice(&f.slice),
            list(f.guards.iter().map(|step| tree.function(&step.id))),
            list(f.emits.iter().chain(&f.sends).map(|name| tree.message(name))),
            f.guarantee.as_ref().map(|g| code(&g.name)).unwrap_or_default(),
        ],
        None => vec![code(id), String::new(), String::new(), String::new(), String::new()],
    });
    out.table(&["Function", "Slice", "Guards, in order", "Then emits and sends", "Guarantee"], rows);
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}
