//! The signature of a user's function, read into a model that every function attribute shares.
//!
//! The body is never parsed; the function is emitted again exactly as it came in.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericParam, ImplItemFn, ReceiverKind, ReturnType, Safety, Signature, Type, Visibility,
};

use crate::docs;
use crate::errors::Errors;
use crate::parameter::{Form, Param, Place, bare, refuse_impl, with_owner};
use crate::subject::Subject;

/// A function as written: what stands before its body.
pub(crate) struct Source {
    /// The attributes left on it.
    pub(crate) attributes: Vec<Attribute>,
    /// From `async` to the return type.
    pub(crate) signature: Signature,
    has_body: bool,
}

impl Parse for Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let signature = input.parse()?;
        let has_body = input.peek(syn::token::Brace);
        input.parse::<TokenStream>()?;
        Ok(Self { attributes, signature, has_body })
    }
}

impl Source {
    /// Reads the function that is to be a `kind`; the tokens to emit instead are the error.
    pub(crate) fn read(kind: &str, item: &TokenStream) -> Result<Self, TokenStream> {
        let source: Self = syn::parse2(item.clone()).map_err(|_| {
            let message = format!("a {kind} must be a function\nhelp: write the attribute directly above an `async fn` or a `fn`");
            let error = syn::Error::new_spanned(item, message).into_compile_error();
            quote!(#error #item)
        })?;
        if source.has_body {
            return Ok(source);
        }
        let ident = &source.signature.ident;
        let message = format!("{kind} `{ident}` must have a body\nhelp: write `{{ .. }}` instead of `;`");
        Err(syn::Error::new_spanned(ident, message).into_compile_error())
    }

    /// The method of an `impl` block.
    pub(crate) fn method(method: &ImplItemFn) -> Self {
        Self { attributes: method.attrs.clone(), signature: method.sig.clone(), has_body: true }
    }
}

/// The model of a function: all that its expansion needs.
pub(crate) struct Function {
    /// How errors name it.
    pub(crate) subject: Subject,
    /// The name it is registered under: `create`, or `Desk::create` for a method.
    pub(crate) label: String,
    /// Its identifier, for positions.
    pub(crate) ident: Ident,
    /// What to call.
    pub(crate) path: TokenStream,
    /// The type whose `&self` it borrows, for a method.
    pub(crate) owner: Option<TokenStream>,
    /// Its documentation.
    pub(crate) docs: Option<String>,
    /// Whether the call is awaited.
    pub(crate) is_async: bool,
    /// Its parameters without `self`.
    pub(crate) params: Vec<Param>,
    /// The return type as written; `None` when there is none or it is `()`.
    pub(crate) output: Option<TokenStream>,
}

impl Function {
    /// The model of `source`; `owner` is the type of the `impl` block it stands in.
    pub(crate) fn new(
        kind: &'static str,
        source: &Source,
        owner: Option<&Type>,
        errors: &mut Errors,
    ) -> Self {
        let Source { attributes, signature, .. } = source;
        let ident = signature.ident.clone();
        let owner = owner.map(ToTokens::to_token_stream);
        let (label, path) = match &owner {
            Some(path) => (format!("{}::{ident}", last_word(path)), quote!(<#path>::#ident)),
            None => (ident.to_string(), quote!(#ident)),
        };
        let subject = Subject::new(kind, &label);
        check_qualifiers(&subject, signature, errors);
        check_receiver(&subject, signature, owner.is_some(), errors);
        let typed = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        });
        let place = Place { owner: owner.as_ref(), names_lifetimes: !signature.generics.params.is_empty() };
        let params =
            typed.enumerate().map(|(at, typed)| Param::new(&subject, at, typed, &place, errors)).collect();
        let output = output(&subject, &signature.output, owner.as_ref(), errors);
        let is_async = signature.asyncness.is_some();
        Self { subject, label, ident, path, owner, docs: docs::text(attributes), is_async, params, output }
    }

    /// The return type, `()` when there is none.
    pub(crate) fn returns(&self) -> TokenStream {
        self.output.clone().unwrap_or_else(|| quote_spanned!(self.span()=> ()))
    }

    /// The position of the function's name, seen as part of the expansion.
    pub(crate) fn span(&self) -> Span {
        Span::mixed_site().located_at(self.ident.span())
    }

    /// The position of the return type, or of the name when there is none, seen as part of the expansion.
    pub(crate) fn output_span(&self) -> Span {
        let place = self.output.as_ref().map_or(self.ident.span(), Spanned::span);
        Span::mixed_site().located_at(place)
    }

    /// Refuses the form for a first parameter that is the message: by value and `&` are legal.
    pub(crate) fn check_message(&self, signature: &Signature, errors: &mut Errors) {
        let Self { subject, .. } = self;
        match self.params.first() {
            None => errors.help_at(
                signature.paren_token.span.join(),
                format!("{subject} must take a message as its first parameter"),
                "write the message first, by value or by `&`: `message: MyMessage`",
            ),
            Some(first) if first.form == Form::Unique => errors.help(
                &first.written,
                format!("{subject} must take its message by value or by `&`"),
                format!("write `{}: {}`", first.name, compact(&first.ty)),
            ),
            Some(_) => {}
        }
    }
}

/// A type without the modules in front of it.
fn last_word(ty: &TokenStream) -> String {
    let text = compact(ty);
    let (path, arguments) = text.split_at(text.find('<').unwrap_or(text.len()));
    format!("{}{arguments}", path.rsplit("::").next().unwrap_or(path))
}

fn output(
    subject: &Subject,
    output: &ReturnType,
    owner: Option<&TokenStream>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    if matches!(bare(ty), Type::Tuple(tuple) if tuple.elems.is_empty()) {
        return None;
    }
    let ty = ty.to_token_stream();
    refuse_impl(subject, "the return value", &ty, errors);
    Some(with_owner(ty, owner))
}

fn check_qualifiers(subject: &Subject, signature: &Signature, errors: &mut Errors) {
    let Signature { constness, safety, abi, generics, variadic, .. } = signature;
    if let Some(token) = constness {
        errors.help(token, format!("{subject} must not be `const`"), "remove `const`");
    }
    if let Safety::Unsafe(token) = safety {
        errors.help(
            token,
            format!("{subject} must not be `unsafe`"),
            "remove `unsafe`: the framework calls it with any message",
        );
    }
    if let Some(abi) = abi {
        errors.help(abi, format!("{subject} must be a plain Rust function"), "remove `extern`");
    }
    if let Some(variadic) = variadic {
        errors.help(variadic, format!("{subject} must have a fixed number of parameters"), "remove `...`");
    }
    let lifetimes = !generics.params.is_empty()
        && generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)));
    if lifetimes {
        errors.help(
            &generics.params,
            format!("{subject} must not name lifetimes"),
            "remove them and write `&T`: every borrow lasts for the call",
        );
        return;
    }
    let fault = if generics.params.is_empty() {
        generics.where_clause.as_ref().map(ToTokens::to_token_stream)
    } else {
        Some(generics.params.to_token_stream())
    };
    if let Some(tokens) = fault {
        errors.note(
            tokens,
            format!("{subject} must not be generic"),
            "it is registered when the program is linked, so every type in it must be known",
        );
    }
}

fn check_receiver(subject: &Subject, signature: &Signature, in_block: bool, errors: &mut Errors) {
    let receiver = signature.receiver();
    match receiver {
        Some(receiver) if !in_block => errors.help(
            receiver,
            format!("{subject} must be a free function"),
            "remove `self`, or put `#[handlers]` on the `impl` block around it",
        ),
        Some(receiver) if matches!(receiver.kind, ReceiverKind::Reference(_, None, None)) => {}
        Some(receiver) => errors.help(
            receiver,
            format!("{subject} must take `&self`"),
            "write `&self`: the value is shared by all calls",
        ),
        None if in_block => errors.help(
            &signature.ident,
            format!("{subject} must take `&self`"),
            "write `&self` as its first parameter, or move it out of the `impl` block",
        ),
        None => {}
    }
}

/// Tokens as a user would write them on one line.
pub(crate) fn compact(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        ("( ", "("),
        (" )", ")"),
    ]
    .iter()
    .fold(text, |text, (from, to)| text.replace(from, to))
}
