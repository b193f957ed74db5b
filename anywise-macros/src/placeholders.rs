//! The `{field}` placeholders of a message a user wrote for an error.
//!
//! It finds which fields a text uses and gives numbered ones a name, so that `{0}` can be captured like `{field}`.

use proc_macro2::Ident;
use quote::format_ident;
use syn::{Error, Fields, LitStr, Member};

use crate::keys;
use crate::subject::Subject;

/// A text ready for `format!`, and the fields it captures.
pub(crate) struct Template {
    /// The text, in which numbers have become names.
    pub(crate) text: LitStr,
    /// The fields it uses, each with the name it is bound to.
    pub(crate) used: Vec<(Member, Ident)>,
}

impl Template {
    /// Reads `written`, whose placeholders must name `fields`.
    pub(crate) fn new(subject: &Subject, written: &LitStr, fields: &Fields) -> syn::Result<Self> {
        let source = written.value();
        let fault = |must: String, help: String| {
            Error::new_spanned(written, format!("{subject} must {must}\nhelp: {help}"))
        };
        let members: Vec<Member> = fields.members().collect();
        let mut text = String::new();
        let mut used: Vec<(Member, Ident)> = Vec::new();
        let mut rest = source.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            text.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                text.push_str(&brace[..2]);
                rest = &brace[2..];
                continue;
            }
            let Some((placeholder, after)) = brace.strip_prefix('{').and_then(|open| open.split_once('}'))
            else {
                let help = "write `{field}` for a field, `{{` and `}}` for the braces themselves".to_owned();
                return Err(fault("close every brace in its text".to_owned(), help));
            };
            let (name, format) = placeholder.split_at(placeholder.find(':').unwrap_or(placeholder.len()));
            let Some(member) = members.iter().find(|member| key(member) == name.trim()) else {
                let names: Vec<String> = members.iter().map(key).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let help = match keys::nearest(name, &names) {
                    _ if names.is_empty() => {
                        "there are no fields: write `{{` and `}}` for the braces themselves".to_owned()
                    }
                    Some(near) => format!("did you mean `{{{near}}}`? {}", keys::these("field", &names)),
                    None => keys::these("field", &names),
                };
                return Err(fault(format!("have a field for `{{{name}}}` in its text"), help));
            };
            let binding = binding(member, written);
            text.extend(["{", &binding.to_string(), format, "}"]);
            if !used.iter().any(|(known, _)| known == member) {
                used.push((member.clone(), binding));
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(Self { text: LitStr::new(&text, written.span()), used })
    }
}

fn key(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// The variable a field is bound to: it has the hygiene of the text that captures it.
fn binding(member: &Member, written: &LitStr) -> Ident {
    match member {
        Member::Named(name) => Ident::new(&name.to_string(), written.span()),
        Member::Unnamed(index) => format_ident!("field{}", index.index, span = written.span()),
    }
}
