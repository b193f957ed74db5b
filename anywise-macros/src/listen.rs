//! `#[listen]`: a function for one event.
//!
//! It may answer with commands, which go through their guards like any other. Whether a type can be an answer is checked by
//! rustc; that there is none is seen by the missing (or `()`) return type.

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
    let settings = Settings::read(&function, settings::LISTEN, arguments, errors);
    function.check_message(&source.signature, errors);
    match function.params.first() {
        Some(message) if errors.is_empty() => expand(&function, message, &settings),
        _ => TokenStream::new(),
    }
}

/// The block of a listener without a mistake, also of one that runs by the clock.
pub(crate) fn expand(function: &Function, message: &Param, settings: &Settings) -> TokenStream {
    let (p, at) = (&settings.private, Span::mixed_site());
    let arguments = Arguments::new(function, 1, usize::MAX, p);
    let input = &message.ty;
    let (at_input, at_output) = (located(p, message.span()), located(p, function.output_span()));
    let receives =
        quote_spanned!(message.span()=> wiring.receives(<#input as #at_input::EventInput>::MESSAGES););
    let ticks =
        settings.schedule.as_ref().map(|_| quote_spanned!(message.span()=> wiring.ticks::<#input>();));
    let install = quote_spanned!(message.span()=> <#input as #at_input::EventInput>::install);
    let waits = waits(function, settings, &arguments);
    let wires = if waits && !settings.blocking { Wires::Runs } else { Wires::Describes };
    let params = arguments.wiring(wires, |_| TokenStream::new());
    let returns = function.returns();
    let answers = function.output.is_some().then(|| {
        quote_spanned! {function.output_span()=>
            wiring.answers(<#returns as #at_output::Answer>::describe);
            wiring.fails(<#returns as #at_output::Answer>::DECLARED);
        }
    });
    let bind = arguments.bind(wires);
    let form = match wires {
        Wires::Runs => "run_listener",
        Wires::Describes if waits => "listener",
        Wires::Describes => "listener_now",
    };
    let form = Ident::new(form, at);
    let wiring = quote_spanned! {at=>
        #ticks
        #receives
        #params
        #answers
        ::core::option::Option::Some(#p::Bound::#form(#bind, #install))
    };
    let bound = arguments.bound();
    let (listens, call) = if settings.blocking {
        ("Listen", blocking(function, message, settings, &arguments))
    } else if waits {
        ("RunListener", run(function, message, settings, &arguments))
    } else {
        ("ListenNow", now(message, settings, &arguments))
    };
    let listens = Ident::new(listens, at);
    let items = quote_spanned! {at=>
        #bound
        impl #p::#listens for __Bound {
            type Input = #input;
            #call
        }
    };
    Entry { function, private: p, kind: "listener", settings: settings.tokens(), items, wiring }.expand()
}

/// Whether its call is a future.
fn waits(function: &Function, settings: &Settings, arguments: &Arguments<'_>) -> bool {
    function.is_async || function.output.is_some() || settings.blocking || arguments.writes()
}

/// The message as the function takes it, from a variable that borrows it.
fn leading(message: &Param, p: &TokenStream) -> TokenStream {
    match message.form {
        Form::Shared => quote_spanned!(Span::mixed_site()=> message),
        Form::Value | Form::Unique => message.owned(p),
    }
}

/// The statement that collects the commands in what the function returned.
fn collect(function: &Function, p: &TokenStream) -> TokenStream {
    let at_output = located(p, function.output_span());
    match &function.output {
        None => quote_spanned!(Span::mixed_site()=> let () = output;),
        Some(returns) => {
            quote_spanned!(function.output_span()=> <#returns as #at_output::Answer>::collect(output, &mut answers)?;)
        }
    }
}

/// Whether there can be a command in what it returns.
fn sends(function: &Function, p: &TokenStream) -> TokenStream {
    let at_output = located(p, function.output_span());
    match &function.output {
        None => quote_spanned!(Span::mixed_site()=> false),
        Some(returns) => quote_spanned!(function.output_span()=> <#returns as #at_output::Answer>::SENDS),
    }
}

/// A listener that waits: its part of the future that is written in core.
fn run(function: &Function, message: &Param, settings: &Settings, arguments: &Arguments<'_>) -> TokenStream {
    let (p, at, input) = (&settings.private, Span::mixed_site(), &message.ty);
    let lead = Lead::HandedOver(leading(message, p));
    let (sends, collect) = (sends(function, p), collect(function, p));
    let mutable = function.output.is_some().then(|| quote_spanned!(at=> mut));
    let run = arguments.run(&quote_spanned!(at=> &'a #input), lead);
    quote_spanned! {at=>
        const SENDS: bool = #sends;
        #run
        #[inline]
        fn answers(output: Self::Output) -> #p::Result<#p::Answers> {
            let #mutable answers = #p::Answers::default();
            #collect
            ::core::result::Result::Ok(answers)
        }
    }
}

/// A listener that never waits.
fn now(message: &Param, settings: &Settings, arguments: &Arguments<'_>) -> TokenStream {
    let (p, at, input) = (&settings.private, Span::mixed_site(), &message.ty);
    let fetch = arguments.fetch(&quote_spanned!(at=> scope), true);
    let call = arguments.call(Some(leading(message, p)), None, Arguments::held);
    quote_spanned! {at=>
        fn listen(&self, scope: &mut #p::Scope<'_>, message: &#input) -> #p::Result<()> {
            #fetch
            let output = #call;
            let () = output;
            ::core::result::Result::Ok(())
        }
    }
}

/// A listener on a thread that may block: what it takes moves there, and its units of work come back.
fn blocking(
    function: &Function,
    message: &Param,
    settings: &Settings,
    arguments: &Arguments<'_>,
) -> TokenStream {
    let (p, at, input) = (&settings.private, Span::mixed_site(), &message.ty);
    let fetch = arguments.fetch(&quote_spanned!(at=> &mut scope), false);
    let owned = message.owned(p);
    let there = match message.form {
        Form::Shared => quote_spanned!(at=> &message),
        Form::Value | Form::Unique => quote_spanned!(at=> message),
    };
    let call = arguments.blocking_call(Some(there));
    let (collect, commit) = (collect(function, p), arguments.commit(&quote_spanned!(at=> &())));
    let mutable = function.output.is_some().then(|| quote_spanned!(at=> mut));
    let body = quote_spanned! {at=>
        #fetch
        let message = #owned;
        #call
        let #mutable answers = #p::Answers::default();
        #collect
        answers.record(&mut scope);
        #commit
        scope.close();
        ::core::result::Result::Ok(())
    };
    let future = arguments.future(&quote_spanned!(at=> message), &body);
    quote_spanned! {at=>
        fn listen<'a>(&'a self, place: #p::Place<'a>, luggage: #p::Luggage, message: &'a #input) -> #p::BoxFuture<'a, #p::Result<()>> {
            let mut scope = #p::Scope::new(place, luggage);
            #future
        }
    }
}
