//! The target of a guard: which messages it stands in front of when it does not name one as its first parameter.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;
use syn::{Path, Type};

use crate::errors::Errors;
use crate::keys::Key;
use crate::subject::Subject;

/// The keys that make a target.
pub(crate) const KEYS: &[&str] = &["all", "slice", "family", "messages", "commands", "queries", "events"];

/// What the keys of one guard said about its target.
#[derive(Default)]
pub(crate) struct Target {
    breadths: Vec<(Ident, Breadth)>,
    kinds: Vec<Ident>,
}

enum Breadth {
    All,
    Slice,
    Family(Path),
    Messages(Vec<Type>),
}

impl Target {
    /// Reads one of the [`KEYS`].
    pub(crate) fn key(&mut self, key: &Key<'_>, input: ParseStream<'_>) -> syn::Result<()> {
        let breadth = match key.name.to_string().as_str() {
            "all" => key.flag(input).map(|_| Breadth::All)?,
            "slice" => key.flag(input).map(|_| Breadth::Slice)?,
            "family" => Breadth::Family(key.value(input, "family = Marker")?),
            "messages" => Breadth::Messages(key.values(input, "messages(First, Second)")?),
            _ => {
                key.flag(input)?;
                self.kinds.push(key.name.clone());
                return Ok(());
            }
        };
        self.breadths.push((key.name.clone(), breadth));
        Ok(())
    }

    /// Whether any was given: the guard then takes no message.
    pub(crate) fn is_given(&self) -> bool {
        !self.breadths.is_empty() || !self.kinds.is_empty()
    }

    /// Refuses two breadths.
    pub(crate) fn check(&self, subject: &Subject, errors: &mut Errors) {
        for (name, _) in self.breadths.iter().skip(1) {
            errors.help(
                name,
                format!("{subject} must have one target"),
                format!(
                    "keep one of `all`, `slice`, `family`, `messages`; `{}` came first",
                    self.breadths[0].0
                ),
            );
        }
    }

    /// `.target(..)` on the entry; nothing without a target.
    pub(crate) fn tokens(&self, p: &TokenStream) -> Option<TokenStream> {
        if !self.is_given() {
            return None;
        }
        let at = Span::mixed_site();
        let breadth = match self.breadths.first().map(|(_, breadth)| breadth) {
            None => quote_spanned!(at=> kinds()),
            Some(Breadth::All) => quote_spanned!(at=> all()),
            Some(Breadth::Slice) => quote_spanned!(at=> slice()),
            Some(Breadth::Family(marker)) => quote_spanned!(at=> family(#p::family::<#marker>)),
            Some(Breadth::Messages(types)) => {
                quote_spanned!(at=> messages(&[#(#p::message::<#types>),*]))
            }
        };
        let kinds = self.kinds.iter().map(|kind| Ident::new(&kind.to_string(), at));
        Some(quote_spanned!(at=> .target(#p::Target::#breadth #(.#kinds())*)))
    }
}
