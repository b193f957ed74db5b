//! The mistakes found in one use of an attribute: collected, not reported one at a time.
//!
//! It holds wording and position only. What counts as a mistake is decided in the model of each attribute.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Every mistake of one attribute use, in the order found.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Adds a mistake at `tokens`: what must be so, and what to write instead.
    pub(crate) fn help(&mut self, tokens: impl ToTokens, message: impl Display, help: impl Display) {
        self.add(syn::Error::new_spanned(tokens, format!("{message}\nhelp: {help}")));
    }

    /// Adds a mistake at `tokens`: what must be so, and why.
    pub(crate) fn note(&mut self, tokens: impl ToTokens, message: impl Display, note: impl Display) {
        self.add(syn::Error::new_spanned(tokens, format!("{message}\nnote: {note}")));
    }

    /// Adds a mistake that has no token of its own, such as a missing key, at `span`.
    pub(crate) fn help_at(&mut self, span: Span, message: impl Display, help: impl Display) {
        self.add(syn::Error::new(span, format!("{message}\nhelp: {help}")));
    }

    /// Adds a ready error.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// Adds all of `others`.
    pub(crate) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The `compile_error!` calls, one for each mistake; nothing when there is none.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.into_iter().map(syn::Error::into_compile_error).collect()
    }
}
