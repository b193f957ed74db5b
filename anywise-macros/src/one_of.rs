//! `#[one_of]` on an enum of messages: one function then receives several.
//!
//! The enum is no message itself: it has no wire name and never travels.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Data, Fields, Ident, Type};

use crate::data::Item;
use crate::errors::Errors;
use crate::facade::Facade;
use crate::keys;
use crate::subject::Subject;

/// The most messages one enum may hold: the length of the longest tuple core knows.
const MOST: usize = 12;

/// The expansion of `#[one_of(arguments)]` on `item`.
pub(crate) fn one_of(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let parsed = match Item::read("one_of", "an enum", item) {
        Ok(parsed) => parsed,
        Err(tokens) => return tokens,
    };
    let mut errors = Errors::default();
    let mut facade = None;
    let subject = Subject::new("one_of", parsed.ident());
    keys::read(&subject, &["crate"], arguments, &mut errors, |key, input, _| {
        facade = Some(key.value(input, "crate = path")?);
        Ok(())
    });
    let variants = variants(&subject, &parsed, &mut errors);
    let block = if errors.is_empty() {
        expand(parsed.ident(), &variants, &Facade::new(facade.as_ref()).private())
    } else {
        errors.into_tokens()
    };
    quote!(#item #block)
}

/// Each variant with the message it holds.
fn variants<'a>(subject: &Subject, item: &'a Item, errors: &mut Errors) -> Vec<(&'a Ident, &'a Type)> {
    let Data::Enum(data) = &item.input.data else {
        errors.help(
            item.ident(),
            format!("{subject} must be an enum"),
            "write `enum` with one variant for each message",
        );
        return Vec::new();
    };
    item.check(subject, errors);
    if data.variants.is_empty() {
        errors.help(
            item.ident(),
            format!("{subject} must have a variant"),
            "write one variant for each message: `Placed(OrderPlaced)`",
        );
    }
    if let Some(variant) = data.variants.iter().nth(MOST) {
        errors.help(
            variant,
            format!("{subject} must hold at most {MOST} messages"),
            "split it into two enums with a function each",
        );
    }
    let mut variants: Vec<(&Ident, &Type)> = Vec::new();
    for variant in &data.variants {
        let field = match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => &fields.unnamed[0],
            _ => {
                let help = format!("write `{}(TheMessage)`", variant.ident);
                errors.help(
                    variant,
                    format!("{subject} must hold exactly one message in `{}`", variant.ident),
                    help,
                );
                continue;
            }
        };
        let same = |ty: &Type| ty.to_token_stream().to_string() == field.ty.to_token_stream().to_string();
        if let Some((first, _)) = variants.iter().find(|(_, ty)| same(ty)) {
            let help = format!("`{first}` already holds it: remove one of the two");
            errors.help(&field.ty, format!("{subject} must hold each message once"), help);
        }
        variants.push((&variant.ident, &field.ty));
    }
    variants
}

fn expand(ident: &Ident, variants: &[(&Ident, &Type)], p: &TokenStream) -> TokenStream {
    let at = Span::mixed_site();
    let types = variants.iter().map(|(_, ty)| ty);
    let conversions = variants.iter().map(|(variant, ty)| {
        quote_spanned! {at=>
            #[automatically_derived]
            impl ::core::convert::From<#ty> for #ident {
                fn from(message: #ty) -> Self {
                    Self::#variant(message)
                }
            }
        }
    });
    quote_spanned! {at=>
        const _: () = {
            #(#conversions)*
            impl #p::Input for #ident { type Shape = #p::Many<(#(#types,)*)>; }
        };
    }
}
