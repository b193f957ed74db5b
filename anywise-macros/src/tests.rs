//! Expansions and refusals, as a user's code meets them.

mod expand;
mod refuse;

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Item, Meta};

use crate::message::{Kind, message};

/// The expansion of one item under the first of our attributes on it; the item itself when it has none.
fn expand_item(mut item: Item) -> TokenStream {
    let Some(attributes) = attributes(&mut item) else {
        return item.into_token_stream();
    };
    if derives_fault(attributes) {
        let fault = crate::fault::fault(&item.to_token_stream());
        return quote::quote!(#item #fault);
    }
    let Some(at) = attributes.iter().position(|attribute| expander(attribute).is_some()) else {
        return item.into_token_stream();
    };
    let attribute = attributes.remove(at);
    let arguments = match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let expand = expander(&attribute).expect("the position of an attribute that has one");
    expand(arguments, &item.into_token_stream())
}

fn expander(attribute: &Attribute) -> Option<fn(TokenStream, &TokenStream) -> TokenStream> {
    Some(match attribute.path().get_ident()?.to_string().as_str() {
        "command" => |arguments, item| message(Kind::Command, arguments, item),
        "query" => |arguments, item| message(Kind::Query, arguments, item),
        "event" => |arguments, item| message(Kind::Event, arguments, item),
        "data" => crate::data::data,
        "one_of" => crate::one_of::one_of,
        "config" => crate::config::config,
        "handler" => crate::handler::handler,
        "listen" => crate::listen::listen,
        "guard" => crate::guard::guard,
        "provide" => crate::provide::provide,
        "schedule" => crate::schedule::schedule,
        "handlers" => crate::handlers::handlers,
        _ => return None,
    })
}

fn attributes(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    Some(match item {
        Item::Struct(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        Item::Union(item) => &mut item.attrs,
        Item::Fn(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Trait(item) => &mut item.attrs,
        Item::Const(item) => &mut item.attrs,
        _ => return None,
    })
}

fn derives_fault(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("derive") && attribute.to_token_stream().to_string().contains("Fault")
    })
}
