//! The documentation a user wrote above an item, as one text.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment lines joined by newlines, each without its one leading space; `None` when there are none.
pub(crate) fn text(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes.iter().filter_map(line).collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The text of one `#[doc = ".."]`; other doc attributes (`hidden`, `include_str!`) say nothing here.
fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &doc.value else {
        return None;
    };
    if !doc.path.is_ident("doc") {
        return None;
    }
    let text = text.value();
    let lines = text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    Some(lines.collect::<Vec<_>>().join("\n"))
}
