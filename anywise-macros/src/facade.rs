//! The path under which expansions find anywise.
//!
//! A user's crate depends on the facade alone and may rename it; expansions therefore never spell `anywise` themselves.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The absolute path of the crate that re-exports the hidden support module.
pub(crate) struct Facade(TokenStream);

impl Facade {
    /// The path given with `crate = path`, or the one found in the user's manifest.
    pub(crate) fn new(given: Option<&syn::Path>) -> Self {
        match given {
            Some(path) => Self(path.to_token_stream()),
            None => Self(find()),
        }
    }

    /// The hidden module that holds all that expansions name.
    pub(crate) fn private(&self) -> TokenStream {
        let path = &self.0;
        quote!(#path::__private)
    }

    /// The hidden module and `name` below it as text, for attributes that take a path in a string.
    pub(crate) fn private_text(&self, name: &str) -> String {
        let path: String = self.0.to_string().split_whitespace().collect();
        format!("{path}::__private::{name}")
    }
}

/// The path as if written at `span`: rustc then reports a fault of the whole call there.
pub(crate) fn located(path: &TokenStream, span: Span) -> TokenStream {
    let token = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    path.clone().into_iter().map(token).collect()
}

/// The facade if the manifest has it (renamed or not), else core, else the facade's own name: rustc then says that it is missing.
fn find() -> TokenStream {
    ["anywise", "anywise-core"].into_iter().find_map(dependency).unwrap_or_else(|| quote!(::anywise))
}

fn dependency(package: &str) -> Option<TokenStream> {
    let name = match crate_name(package).ok()? {
        FoundCrate::Itself => package.replace('-', "_"),
        FoundCrate::Name(name) => name,
    };
    let name = Ident::new(&name, Span::call_site());
    Some(quote!(::#name))
}
