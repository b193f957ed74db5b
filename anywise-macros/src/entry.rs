//! The part that all function attributes emit alike: the block beside the function, its `__wire` and its registration.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::errors::Errors;
use crate::signature::{Function, Source};

/// The user's function as it came in, and beside it either `block` or every mistake in it.
pub(crate) fn beside(
    kind: &str,
    item: &TokenStream,
    block: impl FnOnce(&Source, &mut Errors) -> TokenStream,
) -> TokenStream {
    let source = match Source::read(kind, item) {
        Ok(source) => source,
        Err(tokens) => return tokens,
    };
    let mut errors = Errors::default();
    let block = block(&source, &mut errors);
    let beside = if errors.is_empty() { block } else { errors.into_tokens() };
    let dictated = dictated();
    quote!(#dictated #item #beside)
}

/// Lints about forms that are dictated: of parameters by the parameter rule, of a guard's return type by what a guard is, and
/// `async` by the wish that all functions of a slice look alike. A user under `clippy::pedantic` could not follow them.
pub(crate) fn dictated() -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[allow(
            clippy::needless_pass_by_value,
            clippy::ptr_arg,
            clippy::trivially_copy_pass_by_ref,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            reason = "the signature is the specification"
        )]
    }
}

/// What one function attribute adds to the shared part.
pub(crate) struct Entry<'a> {
    /// The function.
    pub(crate) function: &'a Function,
    /// The path of the hidden support module.
    pub(crate) private: &'a TokenStream,
    /// The constructor of the entry: `handler`, `listener`, `guard`, `provider`.
    pub(crate) kind: &'static str,
    /// Calls on the entry: `.timeout_ms(5000)` …
    pub(crate) settings: TokenStream,
    /// The bound type and its one trait implementation.
    pub(crate) items: TokenStream,
    /// The statements of `__wire`, ending in its value.
    pub(crate) wiring: TokenStream,
}

impl Entry<'_> {
    /// The whole block.
    pub(crate) fn expand(self) -> TokenStream {
        let Self { function, private: p, kind, settings, items, wiring } = self;
        let kind = Ident::new(kind, Span::mixed_site());
        let label = &function.label;
        let docs = docs(function.docs.as_deref());
        let line = line(function);
        quote_spanned! {Span::mixed_site()=>
            const _: () = {
                #items
                #[cold]
                fn __wire(wiring: &mut #p::Wiring<'_>) -> ::core::option::Option<#p::Bound> {
                    #wiring
                }
                #p::inventory::submit! {
                    #p::FunctionEntry::#kind(#label, ::core::module_path!(), #p::Site::new(::core::file!(), #line), __wire)
                        #docs #settings
                }
            };
        }
    }
}

/// `.docs("..")`, when there is something to say.
pub(crate) fn docs(text: Option<&str>) -> Option<TokenStream> {
    text.map(|text| quote_spanned!(Span::mixed_site()=> .docs(#text)))
}

/// The line of the function. `line!()` would name the line of the attribute, which all methods of a block share.
fn line(function: &Function) -> TokenStream {
    if function.owner.is_some()
        && let Some(line) = line_in_file(function.ident.span())
    {
        let line = Literal::u32_unsuffixed(line);
        return quote_spanned!(Span::mixed_site()=> #line);
    }
    quote_spanned!(Span::mixed_site()=> ::core::line!())
}

/// The line in the user's file; `None` outside a compiler run.
fn line_in_file(span: Span) -> Option<u32> {
    if !proc_macro::is_available() {
        return None;
    }
    u32::try_from(span.unwrap().line()).ok()
}
