//! `#[provide]`: a function that builds one dependency of the application from others, once, at start-up.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::arguments::{Arguments, Wires};
use crate::entry::{self, Entry};
use crate::errors::Errors;
use crate::facade::Facade;
use crate::keys;
use crate::parameter::Form;
use crate::signature::{Function, Source, compact};

/// The expansion of `#[provide(arguments)]` on `item`.
pub(crate) fn provide(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    entry::beside("provider", item, |source, errors| block(arguments, source, errors))
}

fn block(arguments: TokenStream, source: &Source, errors: &mut Errors) -> TokenStream {
    let function = Function::new("provider", source, None, errors);
    let mut facade = None;
    keys::read(&function.subject, &["crate"], arguments, errors, |key, input, _| {
        facade = Some(key.value(input, "crate = path")?);
        Ok(())
    });
    check(&function, errors);
    let private = Facade::new(facade.as_ref()).private();
    if errors.is_empty() { expand(&function, &private) } else { TokenStream::new() }
}

fn check(function: &Function, errors: &mut Errors) {
    let Function { subject, ident, params, output, .. } = function;
    for param in params.iter().filter(|param| param.form != Form::Shared) {
        errors.help(
            &param.written,
            format!("{subject} must borrow `{}` by `&`", param.name),
            format!(
                "write `{}: &{}`: it runs once, at start-up, when there is no message",
                param.name,
                compact(&param.ty)
            ),
        );
    }
    if output.is_none() {
        errors.help(
            ident,
            format!("{subject} must return what it provides"),
            "write `-> T`, `-> Arc<dyn Trait>`, `-> Box<dyn Trait>` or `-> Result<..>` of one of these",
        );
    }
}

fn expand(function: &Function, p: &TokenStream) -> TokenStream {
    let at = Span::mixed_site();
    let arguments = Arguments::new(function, 0, usize::MAX, p);
    let needs = arguments.wiring(Wires::Describes, |_| TokenStream::new());
    let unwrap = arguments.resolved();
    let call = arguments.call(None, None, Arguments::local);
    let wait = function.is_async.then(|| quote_spanned!(at=> .await));
    let returns = function.returns();
    let items = quote_spanned!(function.output_span()=> type __Output = #returns;);
    let provided = quote_spanned!(function.output_span()=> (&&&&Tag::<__Output>::new()).provided());
    let erased = quote_spanned!(function.output_span()=> (&&&&Tag::<__Output>::new()).erase(output));
    let wiring = quote_spanned! {at=>
        #needs
        {
            use #p::tag::*;
            wiring.builds(#provided);
        }
        #unwrap
        ::core::option::Option::Some(#p::Bound::provider(async move {
            let output = #call #wait;
            {
                use #p::tag::*;
                #erased
            }
        }))
    };
    Entry { function, private: p, kind: "provider", settings: TokenStream::new(), items, wiring }.expand()
}
