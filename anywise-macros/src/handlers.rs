//! `#[handlers]` on an `impl` block: its methods are handlers, listeners and guards that share `&self`.
//!
//! It strips the inner attributes and hands each method to the code of that attribute; it adds no rule of its own but that
//! `&self` is the first dependency.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned as _;
use syn::{Attribute, ImplItem, ImplItemFn, ItemImpl, Meta, Path, parse_quote};

use crate::errors::Errors;
use crate::keys;
use crate::signature::{Source, compact};
use crate::subject::Subject;
use crate::{entry, guard, handler, listen};

const ATTRIBUTES: &[&str] = &["handler", "listen", "guard", "provide"];

/// The expansion of `#[handlers(arguments)]` on `item`.
pub(crate) fn handlers(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else {
        let message = "`#[handlers]` must stand on an `impl` block\nhelp: write it above `impl MyType { .. }`, or use `#[handler]` on a function";
        let error = syn::Error::new_spanned(item, message).into_compile_error();
        return quote!(#item #error);
    };
    let mut errors = Errors::default();
    let subject = Subject::new("impl block", &compact(&block.self_ty.to_token_stream()));
    let facade = facade(&subject, arguments, &mut errors);
    check(&subject, &block, &mut errors);
    let blocks = methods(&subject, &mut block, facade.as_ref(), &mut errors);
    let beside = if errors.is_empty() { blocks } else { errors.into_tokens() };
    quote!(#block #beside)
}

fn facade(subject: &Subject, arguments: TokenStream, errors: &mut Errors) -> Option<Path> {
    let mut facade = None;
    keys::read(subject, &["crate"], arguments, errors, |key, input, _| {
        facade = Some(key.value(input, "crate = path")?);
        Ok(())
    });
    facade
}

fn check(subject: &Subject, block: &ItemImpl, errors: &mut Errors) {
    if !block.generics.params.is_empty() {
        errors.note(
            &block.generics.params,
            format!("{subject} must not be generic"),
            "its methods are registered when the program is linked, so every type in them must be known",
        );
    }
    if let Some((path, _)) = &block.trait_ {
        errors.help(
            path,
            format!("{subject} must be an inherent `impl`"),
            "move the methods to an `impl` block without a trait, and call them from the trait's",
        );
    }
}

/// Takes the attributes off every method and returns what stands beside the block.
fn methods(
    subject: &Subject,
    block: &mut ItemImpl,
    facade: Option<&Path>,
    errors: &mut Errors,
) -> TokenStream {
    let owner = block.self_ty.clone();
    let mut blocks = TokenStream::new();
    let mut found = false;
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let Some((name, arguments)) = take(method, facade, errors) else {
            continue;
        };
        found = true;
        let source = Source::method(method);
        let dictated = entry::dictated();
        method.attrs.push(parse_quote!(#dictated));
        let mut own = Errors::default();
        match name.to_string().as_str() {
            "handler" => blocks.extend(handler::block(arguments, &source, Some(&owner), &mut own)),
            "listen" => blocks.extend(listen::block(arguments, &source, Some(&owner), &mut own)),
            "guard" => blocks.extend(guard::block(arguments, &source, Some(&owner), &mut own)),
            _ => own.help(
                &name,
                format!("provider `{}` must be a free function", method.sig.ident),
                "move it out of the `impl` block: it runs before there is a `&self`",
            ),
        }
        errors.append(own);
    }
    if !found {
        errors.help(
            &block.self_ty,
            format!("{subject} must have a method for a message"),
            "put `#[handler]`, `#[listen]` or `#[guard]` on a method, or remove `#[handlers]`",
        );
    }
    blocks
}

/// Takes the function attribute off a method: its name and its keys.
fn take(method: &mut ImplItemFn, facade: Option<&Path>, errors: &mut Errors) -> Option<(Ident, TokenStream)> {
    let (ours, others): (Vec<_>, Vec<_>) =
        method.attrs.drain(..).partition(|attribute| name(attribute).is_some());
    method.attrs = others;
    for second in ours.iter().skip(1) {
        errors.help(
            second,
            format!("method `{}` must be one thing: a handler, a listener or a guard", method.sig.ident),
            "remove this attribute",
        );
    }
    let attribute = ours.first()?;
    let arguments = match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) => TokenStream::new(),
        Meta::NameValue(value) => {
            errors.help(
                &value.value,
                format!("method `{}` must have keys in parentheses", method.sig.ident),
                "write `#[handler(key = value)]`",
            );
            TokenStream::new()
        }
    };
    let facade =
        facade.map(|path| if arguments.is_empty() { quote!(crate = #path) } else { quote!(, crate = #path) });
    Some((name(attribute)?, quote!(#arguments #facade)))
}

/// The name of one of our function attributes, however it is qualified.
fn name(attribute: &Attribute) -> Option<Ident> {
    let name = &attribute.path().segments.last()?.ident;
    ATTRIBUTES
        .contains(&name.to_string().as_str())
        .then(|| Ident::new(&name.to_string(), attribute.path().span()))
}
