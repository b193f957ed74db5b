//! `#[config(prefix = "payment")]`: the settings of a slice, read and checked at start-up.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Fields, LitStr};

use crate::data::{Derive, Item};
use crate::errors::Errors;
use crate::facade::Facade;
use crate::keys;
use crate::subject::Subject;

const EXAMPLE: &str = "prefix = \"payment\"";

/// The expansion of `#[config(arguments)]` on `item`.
pub(crate) fn config(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match Item::read("config", "a struct", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let mut errors = Errors::default();
    let subject = Subject::new("config", item.ident());
    let (mut prefix, mut facade) = (None, None);
    let mut given = false;
    keys::read(&subject, &["prefix", "crate"], arguments, &mut errors, |key, input, _| {
        if key.name == "crate" {
            facade = Some(key.value(input, "crate = path")?);
            return Ok(());
        }
        given = true;
        let text = key.text(input, EXAMPLE)?;
        if !is_prefix(&text.value()) {
            return Err(key.error(&text, "lower-case words joined by dots", EXAMPLE));
        }
        prefix = Some(text);
        Ok(())
    });
    if !given {
        errors.help(
            item.ident(),
            format!("{subject} must have a prefix"),
            format!("write `#[config({EXAMPLE})]`: its keys are found below it"),
        );
    }
    item.check(&subject, &mut errors);
    if item.is_plain() && !matches!(item.fields(), Some(Fields::Named(_))) {
        errors.help(
            item.ident(),
            format!("{subject} must be a struct with named fields"),
            "write `struct` with a named field for each setting",
        );
    }
    let facade = Facade::new(facade.as_ref());
    let written = item.with_derives(&[Derive::Deserialize, Derive::JsonSchema], false, &facade);
    let block = match prefix {
        Some(prefix) if errors.is_empty() => expand(&item, &prefix, &facade.private()),
        _ => errors.into_tokens(),
    };
    quote!(#written #block)
}

fn is_prefix(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    text.split('.').all(word)
}

fn expand(item: &Item, prefix: &LitStr, p: &TokenStream) -> TokenStream {
    let ident = item.ident();
    quote_spanned! {Span::mixed_site()=>
        const _: () = {
            #p::inventory::submit! {
                #p::ConfigEntry::of::<#ident>(#prefix, ::core::module_path!(), #p::Site::new(::core::file!(), ::core::line!()))
            }
        };
    }
}
