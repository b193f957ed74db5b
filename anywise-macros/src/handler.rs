//! `#[handler]`: the function for one command or query.
//!
//! It gets a message and its scope from the dispatcher and gives the reply back. Which trait a type must have is checked by
//! rustc, on the user's own words; this file only puts them into the right calls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use crate::arguments::{Arguments, Lead, Wires};
use crate::entry::{self, Entry};
use crate::errors::Errors;
use crate::facade::located;
use crate::parameter::{Form, Param};
use crate::settings::{self, Settings};
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
    let settings = Settings::read(&function, settings::KEYS, arguments, errors);
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
        quote_spanned!(message.span()=> wiring.receives(<#input as #at_input::RequestInput>::MESSAGES););
    let waits = waits(function, settings, &arguments);
    let wires = if waits && !settings.blocking { Wires::Runs } else { Wires::Describes };
    let params = arguments.wiring(wires, |param| quote_spanned!(param.span()=> wiring.writable::<#input>();));
    let reply_of = reply_of(message, p);
    let fails = quote_spanned!(function.output_span()=> wiring.fails(<#returns as #at_output::IntoReply<#reply_of>>::DECLARED););
    let bind = arguments.bind(wires);
    let (form, install) = match wires {
        Wires::Runs => ("run_handler", "waits"),
        Wires::Describes if waits => ("handler", "waits"),
        Wires::Describes => ("handler_now", "now"),
    };
    let (form, install) = (Ident::new(form, at), Ident::new(install, at));
    let install = quote_spanned!(message.span()=> <#input as #at_input::RequestInput>::#install);
    let wiring = quote_spanned! {at=>
        #receives
        #params
        #fails
        ::core::option::Option::Some(#p::Bound::#form(#bind, #install))
    };
    let bound = arguments.bound();
    let (handles, call) = if settings.blocking {
        ("Handle", blocking(function, message, settings, &arguments))
    } else if waits {
        ("RunHandler", run(function, message, settings, &arguments))
    } else {
        ("HandleNow", now(function, message, settings, &arguments))
    };
    let handles = Ident::new(handles, at);
    let items = quote_spanned! {at=>
        #bound
        impl #p::#handles for __Bound {
            type Input = #input;
            type Reply = #reply_of;
            #call
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

/// The message as the function takes it, from a variable that owns it.
fn leading(message: &Param) -> TokenStream {
    let at = Span::mixed_site();
    match message.form {
        Form::Shared => quote_spanned!(at=> &message),
        Form::Value | Form::Unique => quote_spanned!(at=> message),
    }
}

/// The reply made of what the function returned.
fn reply(function: &Function, message: &Param, settings: &Settings) -> TokenStream {
    let (p, returns) = (&settings.private, function.returns());
    let reply_of = reply_of(message, p);
    let at_output = located(p, function.output_span());
    quote_spanned!(function.output_span()=> <#returns as #at_output::IntoReply<#reply_of>>::into_reply(output))
}

/// A handler that waits: its part of the future that is written in core.
fn run(function: &Function, message: &Param, settings: &Settings, arguments: &Arguments<'_>) -> TokenStream {
    let lead = match message.form {
        Form::Shared => Lead::Borrowed(leading(message)),
        Form::Value | Form::Unique => Lead::HandedOver(leading(message)),
    };
    let run = arguments.run(&message.ty, lead);
    let (p, reply) = (&settings.private, reply(function, message, settings));
    quote_spanned! {Span::mixed_site()=>
        #run
        #[inline]
        fn reply(output: Self::Output) -> #p::Result<Self::Reply> {
            #reply
        }
    }
}

/// A handler that never waits.
fn now(function: &Function, message: &Param, settings: &Settings, arguments: &Arguments<'_>) -> TokenStream {
    let (p, at, input) = (&settings.private, Span::mixed_site(), &message.ty);
    let fetch = arguments.fetch(&quote_spanned!(at=> scope), true);
    let call = arguments.call(Some(leading(message)), None, Arguments::held);
    let reply = reply(function, message, settings);
    quote_spanned! {at=>
        fn handle(&self, scope: &mut #p::Scope<'_>, message: #input) -> #p::Result<Self::Reply> {
            #fetch
            let output = #call;
            #reply
        }
    }
}

/// A handler on a thread that may block: what it takes moves there, and its units of work come back.
fn blocking(
    function: &Function,
    message: &Param,
    settings: &Settings,
    arguments: &Arguments<'_>,
) -> TokenStream {
    let (p, at, input) = (&settings.private, Span::mixed_site(), &message.ty);
    let fetch = arguments.fetch(&quote_spanned!(at=> &mut scope), false);
    let call = arguments.blocking_call(Some(leading(message)));
    let reply = reply(function, message, settings);
    let commit = arguments.writes().then(|| arguments.commit(&quote_spanned!(at=> &reply)));
    let body = quote_spanned! {at=>
        #fetch
        #call
        let reply = #reply?;
        #commit
        scope.close();
        ::core::result::Result::Ok(reply)
    };
    let future = arguments.future(&quote_spanned!(at=> &message), &body);
    quote_spanned! {at=>
        fn handle<'a>(&'a self, place: #p::Place<'a>, luggage: #p::Luggage, message: #input) -> #p::BoxFuture<'a, #p::Result<Self::Reply>> {
            let mut scope = #p::Scope::new(place, luggage);
            #future
        }
    }
}
