//! `#[listen]`: a function for one event.
//!
//! It may answer with commands, which go through their guards like any other. Whether a type can be an answer is checked by
//! rustc; that there is none is seen by the missing (or `()`) return type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use crate::arguments::Arguments;
use crate::entry::{self, Entry};
use crate::errors::Errors;
use crate::facade::located;
use crate::parameter::{Form, Param};
use crate::settings::Settings;
use crate::signature::{Function, Source};

/// The expansion of `#[listen(arguments)]` on `item`.
pub(crate) fn listen(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    entry::beside("listener", item, |source, errors| block(arguments, source, None, errors))
}

/// The block beside the function, or beside the `impl` block of `owner` that the function stands in.
pub(crate) fn block(
    arguments: TokenStream,
    source: &Source,
    owner: Option<&Type>,
    errors: &mut Errors,
) -> TokenStream {
    let function = Function::new("listener", source, owner, errors);
    let settings = Settings::read(&function, arguments, errors);
    function.check_message(&source.signature, errors);
    match function.params.first() {
        Some(message) if errors.is_empty() => expand(&function, message, &settings),
        _ => TokenStream::new(),
    }
}

fn expand(function: &Function, message: &Param, settings: &Settings) -> TokenStream {
    let (p, at) = (&settings.private, Span::mixed_site());
    let arguments = Arguments::new(function, 1, usize::MAX, p);
    let input = &message.ty;
    let (at_input, at_output) = (located(p, message.span()), located(p, function.output_span()));
    let receives =
        quote_spanned!(message.span()=> wiring.receives(<#input as #at_input::EventInput>::messages););
    let install = quote_spanned!(message.span()=> <#input as #at_input::EventInput>::install);
    let params = arguments.wiring(|param| {
        let Param { name, ty, .. } = param;
        let p = located(p, param.span());
        quote_spanned!(param.span()=> wiring.writes(#name, #p::TypeInfo::of::<#ty>, <#ty as #p::UnitOfWork>::demand);)
    });
    let returns = function.returns();
    let answers = function.output.is_some().then(|| {
        quote_spanned! {function.output_span()=>
            wiring.answers(<#returns as #at_output::Answer>::describe);
            wiring.fails(<#returns as #at_output::Answer>::DECLARED);
        }
    });
    let bind = arguments.bind();
    let waits = waits(function, settings, &arguments);
    let (form, listens) = if waits { ("listener", "Listen") } else { ("listener_now", "ListenNow") };
    let (form, listens) = (Ident::new(form, at), Ident::new(listens, at));
    let wiring = quote_spanned! {at=>
        #receives
        #params
        #answers
        ::core::option::Option::Some(#p::Bound::#form(#bind, #install))
    };
    let bound = arguments.bound();
    let call = call(function, message, settings, &arguments);
    let listen = if waits {
        quote_spanned!(at=> fn listen<'a>(&'a self, mut scope: #p::Scope<'a>, message: &'a #input) -> #p::BoxFuture<'a, #p::Result<()>>)
    } else {
        quote_spanned!(at=> fn listen(&self, scope: &mut #p::Scope<'_>, message: &#input) -> #p::Result<()>)
    };
    let items = quote_spanned! {at=>
        #bound
        impl #p::#listens for __Bound {
            type Input = #input;
            #listen {
                #call
            }
        }
    };
    Entry { function, private: p, kind: "listener", settings: settings.tokens(), items, wiring }.expand()
}

/// Whether its call is a future.
fn waits(function: &Function, settings: &Settings, arguments: &Arguments<'_>) -> bool {
    function.is_async || function.output.is_some() || settings.blocking || arguments.writes()
}

/// The body of `listen`: fetch, call, hand back, commit, send the answer.
fn call(function: &Function, message: &Param, settings: &Settings, arguments: &Arguments<'_>) -> TokenStream {
    let (p, at) = (&settings.private, Span::mixed_site());
    let at_output = located(p, function.output_span());
    let owned = message.owned(p);
    let waits = waits(function, settings, arguments);
    let scope = if waits { quote_spanned!(at=> &mut scope) } else { quote_spanned!(at=> scope) };
    let fetch = arguments.fetch(&scope, !settings.blocking);
    let output = if settings.blocking {
        let leading = match message.form {
            Form::Shared => quote_spanned!(at=> &message),
            Form::Value | Form::Unique => quote_spanned!(at=> message),
        };
        let call = arguments.blocking_call(Some(leading));
        quote_spanned!(at=> #fetch let message = #owned; #call)
    } else {
        let leading = match message.form {
            Form::Shared => quote_spanned!(at=> message),
            Form::Value | Form::Unique => owned,
        };
        let call = arguments.call(Some(leading), None, Arguments::held);
        let wait = function.is_async.then(|| quote_spanned!(at=> .await));
        quote_spanned!(at=> #fetch let output = #call #wait;)
    };
    let commit = arguments.commit(&quote_spanned!(at=> &()));
    let borrowed = quote_spanned!(at=> message);
    match &function.output {
        None if waits => {
            let commit = arguments.writes().then_some(commit);
            let body = quote_spanned!(at=> #output let () = output; #commit scope.close(); ::core::result::Result::Ok(()));
            arguments.future(&borrowed, &body)
        }
        None => quote_spanned! {at=>
            #output
            let () = output;
            ::core::result::Result::Ok(())
        },
        Some(returns) => {
            let answer = quote_spanned!(function.output_span()=> <#returns as #at_output::Answer>::collect(output, &mut answers)?;);
            let sends = quote_spanned!(function.output_span()=> <#returns as #at_output::Answer>::SENDS);
            let commit = if arguments.writes() { commit } else { quote_spanned!(at=> if #sends { #commit }) };
            let body = quote_spanned! {at=>
                #output
                let mut answers = #p::Answers::default();
                #answer
                answers.record(&mut scope);
                #commit
                scope.close();
                ::core::result::Result::Ok(())
            };
            arguments.future(&borrowed, &body)
        }
    }
}
