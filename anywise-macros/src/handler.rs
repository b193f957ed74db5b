//! `#[handler]`: the function for one command or query.
//!
//! It gets a message and its scope from the dispatcher and gives the reply back. Which trait a type must have is checked by
//! rustc, on the user's own words; this file only puts them into the right calls.

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

/// The expansion of `#[handler(arguments)]` on `item`.
pub(crate) fn handler(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    entry::beside("handler", item, |source, errors| block(arguments, source, None, errors))
}

/// The block beside the function, or beside the `impl` block of `owner` that the function stands in.
pub(crate) fn block(
    arguments: TokenStream,
    source: &Source,
    owner: Option<&Type>,
    errors: &mut Errors,
) -> TokenStream {
    let function = Function::new("handler", source, owner, errors);
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
    let (input, returns) = (&message.ty, function.returns());
    let (at_input, at_output) = (located(p, message.span()), located(p, function.output_span()));
    let receives =
        quote_spanned!(message.span()=> wiring.receives(<#input as #at_input::RequestInput>::messages););
    let params = arguments.wiring(|param| {
        let Param { name, ty, .. } = param;
        let p = located(p, param.span());
        quote_spanned! {param.span()=>
            wiring.writable::<#input>();
            wiring.writes(#name, #p::TypeInfo::of::<#ty>, <#ty as #p::UnitOfWork>::demand);
        }
    });
    let reply_of = reply_of(message, p);
    let fails = quote_spanned!(function.output_span()=> wiring.fails(<#returns as #at_output::IntoReply<#reply_of>>::DECLARED););
    let install = quote_spanned!(message.span()=> <#input as #at_input::RequestInput>::install);
    let bind = arguments.bind();
    let waits = waits(function, settings, &arguments);
    let (form, handles) = if waits { ("handler", "Handle") } else { ("handler_now", "HandleNow") };
    let (form, handles) = (Ident::new(form, at), Ident::new(handles, at));
    let wiring = quote_spanned! {at=>
        #receives
        #params
        #fails
        ::core::option::Option::Some(#p::Bound::#form(#bind, #install))
    };
    let bound = arguments.bound();
    let call = call(function, message, settings, &arguments);
    let handle = if waits {
        quote_spanned!(at=> fn handle<'a>(&'a self, mut scope: #p::Scope<'a>, message: #input) -> #p::BoxFuture<'a, #p::Result<Self::Reply>>)
    } else {
        quote_spanned!(at=> fn handle(&self, scope: &mut #p::Scope<'_>, message: #input) -> #p::Result<Self::Reply>)
    };
    let items = quote_spanned! {at=>
        #bound
        impl #p::#handles for __Bound {
            type Input = #input;
            type Reply = #reply_of;
            #handle {
                #call
            }
        }
    };
    Entry { function, private: p, kind: "handler", settings: settings.tokens(), items, wiring }.expand()
}

/// What the message's handler answers.
fn reply_of(message: &Param, p: &TokenStream) -> TokenStream {
    let (p, input) = (located(p, message.span()), &message.ty);
    quote_spanned!(message.span()=> #p::ReplyOf<#input>)
}

/// Whether its call is a future.
fn waits(function: &Function, settings: &Settings, arguments: &Arguments<'_>) -> bool {
    function.is_async || settings.blocking || arguments.writes()
}

/// The body of `handle`: fetch, call, hand back, commit, reply.
fn call(function: &Function, message: &Param, settings: &Settings, arguments: &Arguments<'_>) -> TokenStream {
    let (p, at) = (&settings.private, Span::mixed_site());
    let returns = function.returns();
    let leading = match message.form {
        Form::Shared => quote_spanned!(at=> &message),
        Form::Value | Form::Unique => quote_spanned!(at=> message),
    };
    let waits = waits(function, settings, arguments);
    let scope = if waits { quote_spanned!(at=> &mut scope) } else { quote_spanned!(at=> scope) };
    let fetch = arguments.fetch(&scope, !settings.blocking);
    let output = if settings.blocking {
        let call = arguments.blocking_call(Some(leading));
        quote_spanned!(at=> #fetch #call)
    } else {
        let call = arguments.call(Some(leading), None, Arguments::held);
        let wait = function.is_async.then(|| quote_spanned!(at=> .await));
        quote_spanned!(at=> #fetch let output = #call #wait;)
    };
    let reply_of = reply_of(message, p);
    let at_output = located(p, function.output_span());
    let reply = quote_spanned!(function.output_span()=> <#returns as #at_output::IntoReply<#reply_of>>::into_reply(output));
    if waits {
        return finish(arguments, &output, &reply);
    }
    quote_spanned!(at=> #output #reply)
}

/// The future that makes `output`, hands back the units of work, commits them and gives the reply.
fn finish(arguments: &Arguments<'_>, output: &TokenStream, reply: &TokenStream) -> TokenStream {
    let at = Span::mixed_site();
    let message = quote_spanned!(at=> &message);
    if !arguments.writes() {
        return arguments.future(&message, &quote_spanned!(at=> #output let reply = #reply?; scope.close(); ::core::result::Result::Ok(reply)));
    }
    let commit = arguments.commit(&quote_spanned!(at=> &reply));
    let body = quote_spanned! {at=>
        #output
        let reply = #reply?;
        #commit
        scope.close();
        ::core::result::Result::Ok(reply)
    };
    arguments.future(&message, &body)
}
