//! What stands around a call of the user's function: where each argument comes from and what happens to it afterwards.
//!
//! This is the parameter rule written as tokens. It decides nothing: the forms come from the model.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::facade::located;
use crate::parameter::{Form, Param, without_elision};
use crate::signature::Function;

/// The tokens of one function's parameters (without its message), each list in the order of the parameters.
pub(crate) struct Arguments<'a> {
    function: &'a Function,
    params: Vec<(usize, &'a Param)>,
    private: TokenStream,
}

/// What becomes of the values and units of work that were asked for at start-up.
#[derive(Clone, Copy)]
pub(crate) enum Wires {
    /// They are described.
    Describes,
    /// They are described, and how they are taken is kept for `walk/run.rs`.
    Runs,
}

/// The message of a call, as the function takes it.
pub(crate) enum Lead {
    /// Nothing of it stays behind.
    HandedOver(TokenStream),
    /// It must outlive the call.
    Borrowed(TokenStream),
}

impl<'a> Arguments<'a> {
    /// The parameters from position `first` up to, not including, `end`.
    pub(crate) fn new(function: &'a Function, first: usize, end: usize, private: &TokenStream) -> Self {
        let params = function.params.iter().enumerate().take(end).skip(first).collect();
        Self { function, params, private: private.clone() }
    }

    /// Whether one of them is a unit of work.
    pub(crate) fn writes(&self) -> bool {
        self.of(Form::Unique).next().is_some()
    }

    fn of(&self, form: Form) -> impl Iterator<Item = &(usize, &'a Param)> {
        self.params.iter().filter(move |(_, param)| param.form == form)
    }

    /// The dependencies: the owner of a method first, then each `&T`, with the name a start-up fault gives it.
    fn dependencies(&self) -> Vec<(&str, &TokenStream, Span)> {
        let owner = self.function.owner.iter().map(|owner| ("self", owner, self.function.span()));
        let shared = self.of(Form::Shared).map(|(_, param)| (param.name.as_str(), &param.ty, param.span()));
        owner.chain(shared).collect()
    }

    /// `struct __Bound(..);` holding every dependency, resolved once at start-up.
    pub(crate) fn bound(&self) -> TokenStream {
        let p = &self.private;
        let types: Vec<_> = self.dependencies().into_iter().map(|(_, ty, _)| quote!(#p::Dep<#ty>)).collect();
        match types.as_slice() {
            [] => quote!(
                struct __Bound;
            ),
            types => quote!(struct __Bound(#(#types),*);),
        }
    }

    /// `__Bound(d0?, ..)`: the bound function, once every dependency was asked for, and what `wires` keeps beside it.
    pub(crate) fn bind(&self, wires: Wires) -> TokenStream {
        let names: Vec<_> = (0..self.dependencies().len()).map(dependency).collect();
        let bound = match names.as_slice() {
            [] => quote!(__Bound),
            names => quote_spanned!(Span::mixed_site()=> __Bound(#(#names?),*)),
        };
        let ((values, _), (units, _)) = (self.list(Form::Value), self.list(Form::Unique));
        match wires {
            Wires::Describes => bound,
            Wires::Runs => quote_spanned!(Span::mixed_site()=> #bound, #values, #units),
        }
    }

    /// The statements that ask for every parameter at start-up; `writable` asks whether a unit of work may be there.
    pub(crate) fn wiring(&self, wires: Wires, writable: impl Fn(&Param) -> TokenStream) -> TokenStream {
        let mut wiring = TokenStream::new();
        let mut next = 0..;
        let mut needs = |name: &str, ty: &TokenStream, span: Span| {
            let slot = next.next().map(dependency);
            quote_spanned!(span=> let #slot = wiring.needs::<#ty>(#name);)
        };
        if let Some(owner) = &self.function.owner {
            wiring.extend(needs("self", owner, self.function.span()));
        }
        for (at, param) in &self.params {
            let Param { name, ty, form, .. } = param;
            wiring.extend(match form {
                Form::Value => {
                    let (p, slot) = (located(&self.private, param.span()), argument(*at));
                    let described = quote_spanned!(param.span()=> #name, #p::TypeInfo::of::<#ty>, <#ty as #p::FromContext>::demand);
                    match wires {
                        Wires::Describes => quote_spanned!(param.span()=> wiring.takes(#described);),
                        Wires::Runs => quote_spanned!(param.span()=> let #slot = wiring.taken(#described, <#ty as #p::FromContext>::from_context);),
                    }
                }
                Form::Shared => needs(name, ty, param.span()),
                Form::Unique => {
                    let (p, slot) = (located(&self.private, param.span()), argument(*at));
                    let writable = writable(param);
                    let described = quote_spanned!(param.span()=> #name, #p::TypeInfo::of::<#ty>, <#ty as #p::UnitOfWork>::demand);
                    match wires {
                        Wires::Describes => quote_spanned!(param.span()=> #writable wiring.writes(#described);),
                        Wires::Runs => quote_spanned! {param.span()=>
                            #writable
                            let #slot = wiring.held(#described, <#ty as #p::UnitOfWork>::begin, <#ty as #p::UnitOfWork>::finish);
                        },
                    }
                }
            });
        }
        wiring
    }

    /// The statements that fetch every value and begin every unit of work from `scope`. `mutable` says that the call borrows
    /// the units of work in place.
    pub(crate) fn fetch(&self, scope: &TokenStream, mutable: bool) -> TokenStream {
        let p = &self.private;
        let fetches = self.params.iter().filter_map(|(at, param)| {
            let (p, slot, ty) = (located(p, param.span()), argument(*at), &param.ty);
            let mutable = mutable.then(|| quote!(mut));
            match param.form {
                Form::Value => Some(
                    quote_spanned!(param.span()=> let #slot = <#ty as #p::FromContext>::from_context(#scope)?;),
                ),
                Form::Unique => {
                    Some(quote_spanned!(param.span()=> let #mutable #slot = <#ty as #p::UnitOfWork>::begin(#scope)?;))
                }
                Form::Shared => None,
            }
        });
        fetches.collect()
    }

    /// What the traits of `walk/run.rs` ask of every function: the types of what it takes and returns, and the call. `input` is
    /// the type that the message comes as.
    pub(crate) fn run(&self, input: &TokenStream, message: Lead) -> TokenStream {
        let span = self.function.span();
        let (values, value_types) = self.list(Form::Value);
        let (units, unit_types) = self.list(Form::Unique);
        let (message, is_handed_over) = match message {
            Lead::HandedOver(message) => (message, true),
            Lead::Borrowed(message) => (message, false),
        };
        let call = self.call_with(Some(message), None, Self::held, |unit| quote!(#unit));
        let future = if self.function.is_async && is_handed_over {
            call
        } else {
            let wait = self.function.is_async.then(|| quote_spanned!(Span::mixed_site()=> .await));
            quote_spanned!(span=> async move { #call #wait })
        };
        let output = without_elision(self.function.returns());
        let result = quote_spanned!(span=> impl ::core::future::Future<Output = Self::Output> + ::core::marker::Send + 'a);
        quote_spanned! {Span::mixed_site()=>
            type Output = #output;
            type Values = #value_types;
            type Units = #unit_types;
            #[inline]
            fn run<'a>(&'a self, message: #input, #values: Self::Values, #units: &'a mut Self::Units) -> #result {
                #future
            }
        }
    }

    /// The names and the types of all parameters of one form: `(first, (second, ()))`.
    fn list(&self, form: Form) -> (TokenStream, TokenStream) {
        let at_macro = Span::mixed_site();
        let none = quote_spanned!(at_macro=> ());
        let params: Vec<_> = self.of(form).collect();
        params.into_iter().rev().fold((none.clone(), none), |(names, types), (at, param)| {
            let (name, ty) = (argument(*at), without_elision(param.ty.clone()));
            (quote_spanned!(at_macro=> (#name, #names)), quote_spanned!(at_macro=> (#ty, #types)))
        })
    }

    /// The statements that fetch every value from `next`, in an around-guard.
    pub(crate) fn fetch_from_next(&self) -> TokenStream {
        let p = &self.private;
        let fetches = self.of(Form::Value).map(|(at, param)| {
            let (p, slot, ty) = (located(p, param.span()), argument(*at), &param.ty);
            quote_spanned!(param.span()=> let #slot = #p::take_next(&mut next, <#ty as #p::FromContext>::from_context)?;)
        });
        fetches.collect()
    }

    /// The call itself, not awaited: `leading` arguments, then these, then `trailing`. `holder` holds the dependencies.
    pub(crate) fn call(
        &self,
        leading: Option<TokenStream>,
        trailing: Option<TokenStream>,
        held: impl Fn(usize) -> TokenStream,
    ) -> TokenStream {
        self.call_with(leading, trailing, held, |unit| quote!(&mut #unit))
    }

    /// The same, with what `unit` makes of each unit of work.
    fn call_with(
        &self,
        leading: Option<TokenStream>,
        trailing: Option<TokenStream>,
        held: impl Fn(usize) -> TokenStream,
        unit: impl Fn(Ident) -> TokenStream,
    ) -> TokenStream {
        let mut next = 0..;
        let mut borrowed = || next.next().map(&held);
        let owner = self.function.owner.as_ref().and_then(|_| borrowed());
        let own: Vec<_> = self
            .params
            .iter()
            .map(|(at, param)| {
                let slot = argument(*at);
                match param.form {
                    Form::Value => Some(quote!(#slot)),
                    Form::Shared => borrowed(),
                    Form::Unique => Some(unit(slot)),
                }
            })
            .collect();
        let arguments = owner.into_iter().chain(leading).chain(own.into_iter().flatten()).chain(trailing);
        let path = &self.function.path;
        quote_spanned!(self.function.span()=> #path(#(#arguments),*))
    }

    /// A borrow of the numbered dependency inside a method of `__Bound`.
    pub(crate) fn held(at: usize) -> TokenStream {
        let at = syn::Index::from(at);
        quote_spanned!(Span::mixed_site()=> self.#at.get())
    }

    /// A borrow of the numbered dependency, held by a local variable of the same number.
    pub(crate) fn local(at: usize) -> TokenStream {
        let slot = dependency(at);
        quote_spanned!(Span::mixed_site()=> #slot.get())
    }

    /// The statements that leave `__wire` when a dependency is missing; all were asked for before.
    pub(crate) fn resolved(&self) -> TokenStream {
        let names: Vec<_> = (0..self.dependencies().len()).map(dependency).collect();
        quote_spanned!(Span::mixed_site()=> #(let #names = #names?;)*)
    }

    /// The call of a function that waits: a future that begins with the guards in front of it. `message` borrows its
    /// message.
    pub(crate) fn future(&self, message: &TokenStream, body: &TokenStream) -> TokenStream {
        let (p, span) = (&self.private, self.function.span());
        let at_name = located(p, span);
        let pass = quote_spanned! {Span::mixed_site()=>
            if scope.is_guarded() {
                #p::pass(&mut scope, #message).await?;
            }
        };
        let room = quote_spanned!(Span::mixed_site()=> let room = #p::room(););
        quote_spanned! {span=>
            #room
            #at_name::call(room, async move { #pass #body })
        }
    }

    /// The statements that hand every unit of work back and commit them, with the borrowed `reply`.
    pub(crate) fn commit(&self, reply: &TokenStream) -> TokenStream {
        let p = &self.private;
        let finishes = self.of(Form::Unique).map(|(at, param)| {
            let (p, slot, ty) = (located(p, param.span()), argument(*at), &param.ty);
            quote_spanned!(param.span()=> <#ty as #p::UnitOfWork>::finish(#slot, #p::work(&mut scope))?;)
        });
        quote_spanned!(Span::mixed_site()=> #(#finishes)* #p::commit(&mut scope, #reply).await?;)
    }

    /// The call on a thread that may block: everything it needs moves there, the units of work come back with the output.
    pub(crate) fn blocking_call(&self, message: Option<TokenStream>) -> TokenStream {
        let p = &self.private;
        let units = self.units();
        let clones = (0..self.dependencies().len()).map(|at| {
            let (slot, index) = (dependency(at), syn::Index::from(at));
            quote_spanned!(Span::mixed_site()=> let #slot = ::core::clone::Clone::clone(&self.#index);)
        });
        let call = self.call(message, None, Self::local);
        let p = located(p, self.function.span());
        quote_spanned! {self.function.span()=>
            #(#clones)*
            let (output, #(#units),*) = #p::blocking(move || {
                #(let mut #units = #units;)*
                let output = #call;
                (output, #(#units),*)
            }).await?;
        }
    }

    fn units(&self) -> Vec<Ident> {
        self.of(Form::Unique).map(|(at, _)| argument(*at)).collect()
    }
}

fn argument(at: usize) -> Ident {
    format_ident!("arg{at}", span = Span::mixed_site())
}

fn dependency(at: usize) -> Ident {
    format_ident!("d{at}", span = Span::mixed_site())
}
