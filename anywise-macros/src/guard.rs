//! `#[guard]`: a function that runs before or around handlers and listeners, may refuse and may provide a value.
//!
//! A guard without a target takes its message first; a guard with one takes none; an `around` guard takes `Next` last. The
//! order of guards is data for the registry; nothing is sorted here.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;
use syn::{LitInt, Type};

use crate::arguments::{Arguments, Wires};
use crate::duration;
use crate::entry::{self, Entry};
use crate::errors::Errors;
use crate::facade::{Facade, located};
use crate::keys;
use crate::parameter::{Form, Param};
use crate::signature::{Function, Source};
use crate::target::{self, Target};

const KEYS: &[&str] = &["order", "around", "timeout", "crate"];

/// The keys of one guard.
struct Guard {
    target: Target,
    order: Option<i32>,
    around: bool,
    timeout: Option<u64>,
    private: TokenStream,
}

/// The expansion of `#[guard(arguments)]` on `item`.
pub(crate) fn guard(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    entry::beside("guard", item, |source, errors| block(arguments, source, None, errors))
}

/// The block beside the function, or beside the `impl` block of `owner` that the function stands in.
pub(crate) fn block(
    arguments: TokenStream,
    source: &Source,
    owner: Option<&Type>,
    errors: &mut Errors,
) -> TokenStream {
    let function = Function::new("guard", source, owner, errors);
    let guard = Guard::read(&function, arguments, errors);
    guard.check(&function, source, errors);
    if errors.is_empty() { guard.expand(&function) } else { TokenStream::new() }
}

impl Guard {
    fn read(function: &Function, arguments: TokenStream, errors: &mut Errors) -> Self {
        let legal = [target::KEYS, KEYS].concat();
        let (mut order, mut timeout, mut around, mut facade) = (None, None, false, None);
        let mut target = Target::default();
        keys::read(&function.subject, &legal, arguments, errors, |key, input, _| {
            match key.name.to_string().as_str() {
                "order" => {
                    let number: LitInt = key.value(input, "order = 3")?;
                    order = Some(
                        number
                            .base10_parse()
                            .map_err(|_| key.error(&number, "a number that fits an `i32`", "order = 3"))?,
                    );
                }
                "around" => around = key.flag(input)?,
                "timeout" => timeout = Some(duration::milliseconds(key, input)?),
                "crate" => facade = Some(key.value(input, "crate = path")?),
                _ => target.key(key, input)?,
            }
            Ok(())
        });
        Self { target, order, around, timeout, private: Facade::new(facade.as_ref()).private() }
    }

    fn check(&self, function: &Function, source: &Source, errors: &mut Errors) {
        let Function { subject, ident, .. } = function;
        self.target.check(subject, errors);
        if self.around {
            self.check_around(function, errors);
        } else if !self.target.is_given() {
            function.check_message(&source.signature, errors);
        }
        // The message and `Next` have errors of their own.
        let end = function.params.len() - usize::from(self.around && !function.params.is_empty());
        for param in function.params[..end].iter().skip(usize::from(self.takes_message())) {
            if param.form == Form::Unique {
                errors.note(
                    &param.written,
                    format!("{subject} must not borrow `{}` by `&mut`", param.name),
                    "a guard holds no unit of work: it may run before many functions and commits nothing",
                );
            }
        }
        if function.output.is_none() {
            errors.help(
                ident,
                format!("{subject} must return a `Result`"),
                "write `-> Result<()>`, or `-> Result<T>` to provide a `T`",
            );
        }
    }

    fn check_around(&self, function: &Function, errors: &mut Errors) {
        let Function { subject, ident, .. } = function;
        if !self.target.is_given() {
            errors.help(
                ident,
                format!("{subject} must have a target when it is `around`"),
                format!("add one of {} to the attribute", keys::list(target::KEYS)),
            );
        }
        if !function.is_async {
            errors.help(
                ident,
                format!("{subject} must be `async` when it is `around`"),
                "write `async fn`: it waits for `Next`",
            );
        }
        match function.params.last() {
            Some(last) if last.form == Form::Value => {}
            Some(last) => errors.help(
                &last.written,
                format!("{subject} must take `Next` by value as its last parameter"),
                "write `next: Next<'_>` last",
            ),
            None => errors.help(
                ident,
                format!("{subject} must take `Next` by value as its last parameter"),
                "write `next: Next<'_>` last",
            ),
        }
    }

    fn takes_message(&self) -> bool {
        !self.around && !self.target.is_given()
    }

    fn expand(&self, function: &Function) -> TokenStream {
        let p = &self.private;
        let at = Span::mixed_site();
        let (items, wiring) = match (function.params.first(), function.params.last()) {
            (Some(message), _) if self.takes_message() => before_message(function, message, p),
            (_, Some(next)) if self.around => around(function, next, p),
            _ => before_any(function, p),
        };
        let target = self.target.tokens(p);
        let order = self.order.map(|order| {
            let order = Literal::i32_unsuffixed(order);
            quote_spanned!(at=> .order(#order))
        });
        let around = self.around.then(|| quote_spanned!(at=> .around()));
        let timeout = self.timeout.map(|milliseconds| {
            let milliseconds = Literal::u64_unsuffixed(milliseconds);
            quote_spanned!(at=> .timeout_ms(#milliseconds))
        });
        let settings = quote_spanned!(at=> #target #order #around #timeout);
        Entry { function, private: p, kind: "guard", settings, items, wiring }.expand()
    }
}

/// A guard of the message it takes first.
fn before_message(function: &Function, message: &Param, p: &TokenStream) -> (TokenStream, TokenStream) {
    let at = Span::mixed_site();
    let arguments = Arguments::new(function, 1, usize::MAX, p);
    let input = &message.ty;
    let leading = match message.form {
        Form::Shared => quote_spanned!(at=> message),
        Form::Value | Form::Unique => message.owned(p),
    };
    let step = step(function, &arguments, Some(leading), p);
    let bound = arguments.bound();
    let items = quote_spanned! {at=>
        #bound
        impl #p::Check for __Bound {
            type Input = #input;
            fn check<'a>(&'a self, scope: &'a mut #p::Scope<'_>, message: &'a #input) -> #p::Step<'a> {
                #step
            }
        }
    };
    let p_at = located(p, message.span());
    let guards = quote_spanned!(message.span()=> wiring.receives(<#input as #p_at::GuardInput>::MESSAGES););
    let install = quote_spanned!(message.span()=> , <#input as #p_at::GuardInput>::install);
    (items, wiring(function, &arguments, &guards, "guard", &install, p))
}

/// A guard of whatever its target says.
fn before_any(function: &Function, p: &TokenStream) -> (TokenStream, TokenStream) {
    let arguments = Arguments::new(function, 0, usize::MAX, p);
    let step = step(function, &arguments, None, p);
    let bound = arguments.bound();
    let items = quote_spanned! {Span::mixed_site()=>
        #bound
        impl #p::CheckAny for __Bound {
            fn check<'a>(&'a self, scope: &'a mut #p::Scope<'_>) -> #p::Step<'a> {
                #step
            }
        }
    };
    let none = TokenStream::new();
    (items, wiring(function, &arguments, &none, "guard_any", &none, p))
}

/// A guard that runs the rest itself, through `Next`.
fn around(function: &Function, last: &Param, p: &TokenStream) -> (TokenStream, TokenStream) {
    let at = Span::mixed_site();
    let arguments = Arguments::new(function, 0, function.params.len() - 1, p);
    let fetch = arguments.fetch_from_next();
    let mutable = (!fetch.is_empty()).then(|| quote_spanned!(at=> mut));
    let call = arguments.call(None, Some(quote_spanned!(at=> next)), Arguments::held);
    let returns = function.returns();
    let (at_name, at_output) = (located(p, function.span()), located(p, function.output_span()));
    let done =
        quote_spanned!(function.output_span()=> <#returns as #at_output::GuardOutput>::into_result(output));
    let step = quote_spanned! {function.span()=>
        #at_name::AroundStep::future(async move { #fetch let output = #call.await; #done })
    };
    let bound = arguments.bound();
    let items = quote_spanned! {at=>
        #bound
        impl #p::Around for __Bound {
            fn around<'a>(&'a self, #mutable next: #p::Next<'a>) -> #p::AroundStep<'a> {
                #step
            }
        }
    };
    let ty = &last.ty;
    let next = quote_spanned!(last.span()=> wiring.next::<#ty>(););
    (items, wiring(function, &arguments, &next, "around", &TokenStream::new(), p))
}

/// Fetch, call, provide.
fn step(
    function: &Function,
    arguments: &Arguments<'_>,
    leading: Option<TokenStream>,
    p: &TokenStream,
) -> TokenStream {
    let at = Span::mixed_site();
    let fetch = arguments.fetch(&quote_spanned!(at=> scope), false);
    let call = arguments.call(leading, None, Arguments::held);
    let returns = function.returns();
    let (at_name, at_output) = (located(p, function.span()), located(p, function.output_span()));
    let value =
        quote_spanned!(function.output_span()=> <#returns as #at_output::GuardOutput>::into_result(output)?);
    let provide = quote_spanned!(at=> #p::provide(#value, scope));
    if function.is_async {
        quote_spanned! {function.span()=>
            #at_name::Step::future(async move { #fetch let output = #call.await; #provide })
        }
    } else {
        quote_spanned!(at=> #p::Step::ready((|| { #fetch let output = #call; #provide })()))
    }
}

/// The statements of `__wire`; `special` asks for what only this form of guard has.
fn wiring(
    function: &Function,
    arguments: &Arguments<'_>,
    special: &TokenStream,
    form: &str,
    install: &TokenStream,
    p: &TokenStream,
) -> TokenStream {
    let at = Span::mixed_site();
    let params = arguments.wiring(Wires::Describes, |_| TokenStream::new());
    let returns = function.returns();
    let at_output = located(p, function.output_span());
    let provides = quote_spanned! {function.output_span()=>
        wiring.provides(#at_output::TypeInfo::of::<<#returns as #at_output::GuardOutput>::Value>);
        wiring.fails(<#returns as #at_output::GuardOutput>::DECLARED);
    };
    let bind = arguments.bind(Wires::Describes);
    let form = proc_macro2::Ident::new(form, at);
    quote_spanned!(at=> #special #params #provides ::core::option::Option::Some(#p::Bound::#form(#bind #install)))
}
