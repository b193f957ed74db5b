//! `#[command]`, `#[query]` and `#[event]`: plain data with a stable wire name.
//!
//! They add the derives, the metadata and the registration. They do not know who handles the message, and no name ever comes
//! from a type's path or a line number.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Fields, LitStr, Member, Path, Type};

use crate::data::{Derive, Item};
use crate::docs;
use crate::entry;
use crate::errors::Errors;
use crate::facade::Facade;
use crate::http::Http;
use crate::keys::{self, Key};
use crate::subject::Subject;

/// The three kinds of message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Asks one handler to change state.
    Command,
    /// Asks one handler for present state.
    Query,
    /// Says that something happened.
    Event,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Query => "query",
            Self::Event => "event",
        }
    }

    fn marker(self) -> &'static str {
        match self {
            Self::Command => "Command",
            Self::Query => "Query",
            Self::Event => "Event",
        }
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Command | Self::Query => {
                &["reply", "name", "version", "aliases", "key", "family", "local", "http", "crate"]
            }
            Self::Event => &["name", "version", "aliases", "key", "family", "local", "crate"],
        }
    }
}

/// All that the keys of one message said.
#[derive(Default)]
struct Message {
    reply: Option<Type>,
    name: Option<LitStr>,
    version: Option<u32>,
    aliases: Vec<LitStr>,
    key: Option<Member>,
    families: Vec<Path>,
    local: bool,
    http: Option<Http>,
    facade: Option<Path>,
}

/// The expansion of `#[command(arguments)]`, `#[query(..)]` or `#[event(..)]` on `item`.
pub(crate) fn message(kind: Kind, arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match Item::read(kind.word(), "a struct or an enum", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let mut errors = Errors::default();
    let subject = Subject::new(kind.word(), item.ident());
    let mut message = Message::read(kind, &subject, arguments, &mut errors);
    item.check(&subject, &mut errors);
    message.check(&subject, &item, &mut errors);
    let facade = Facade::new(message.facade.as_ref());
    let derives: &[Derive] = if message.local { &[] } else { Derive::ALL };
    let written = item.with_derives(derives, kind != Kind::Event, &facade);
    let block = item.is_plain().then(|| message.expand(kind, &item, &facade.private()));
    let errors = errors.into_tokens();
    quote!(#written #block #errors)
}

impl Message {
    fn read(kind: Kind, subject: &Subject, arguments: TokenStream, errors: &mut Errors) -> Self {
        let mut message = Self::default();
        keys::read(subject, kind.keys(), arguments, errors, |key, input, errors| {
            match key.name.to_string().as_str() {
                "reply" => message.reply = Some(key.value(input, "reply = MyReply")?),
                "name" => {
                    message.name = Some(wire_name(key, key.text(input, "name = \"payment.Charge\"")?)?);
                }
                "version" => message.version = Some(key.positive(input, "version = 2")?),
                "aliases" => {
                    let names: Vec<LitStr> = key.values(input, "aliases(\"payment.Charge\")")?;
                    message.aliases =
                        names.into_iter().map(|name| wire_name(key, name)).collect::<syn::Result<_>>()?;
                }
                "key" => message.key = Some(key.value(input, "key = field")?),
                "family" => message.families = key.values(input, "family(Marker)")?,
                "local" => message.local = key.flag(input)?,
                "http" => message.http = Some(Http::read(subject, key, input, errors)?),
                _ => message.facade = Some(key.value(input, "crate = path")?),
            }
            Ok(())
        });
        message
    }

    /// Checks what needs the item beside the keys, and drops what it refuses so that the rest can be expanded.
    fn check(&mut self, subject: &Subject, item: &Item, errors: &mut Errors) {
        let fields = item.fields();
        if let Some(key) = self.key.take_if(|key| !has(fields, key)) {
            let names: Vec<String> = fields.map(members).unwrap_or_default();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let near = keys::nearest(&text(&key), &names)
                .map(|near| format!("did you mean `{near}`? "))
                .unwrap_or_default();
            let help = if names.is_empty() {
                "it has no fields: remove the key, or write a struct with a field to order by".to_owned()
            } else {
                format!("{near}{}", keys::these("field", &names))
            };
            errors.help(
                &key,
                format!("{subject} must have the field `{}` that is its key", text(&key)),
                help,
            );
        }
        if let Some(http) = &self.http {
            http.check(subject, fields, errors);
        }
        let mut seen: Vec<String> = Vec::new();
        self.families.retain(|family| {
            let name = family.to_token_stream().to_string();
            let fresh = !seen.contains(&name);
            if !fresh {
                errors.help(
                    family,
                    format!("{subject} must name the family `{name}` once"),
                    "remove one of the two",
                );
            }
            seen.push(name);
            fresh
        });
    }

    fn expand(&self, kind: Kind, item: &Item, p: &TokenStream) -> TokenStream {
        let at = Span::mixed_site();
        let ident = item.ident();
        let meta = self.meta(kind, item, p);
        let marker = Ident::new(kind.marker(), at);
        let key = self.key.as_ref().map(|key| {
            let value = quote_spanned!(at.located_at(key.span())=> #p::key(&self.#key));
            quote_spanned!(at=> fn key(&self) -> ::core::option::Option<::std::string::String> { #value })
        });
        let request = (kind != Kind::Event).then(|| {
            let reply = self.reply.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream);
            quote_spanned!(at=> impl #p::Request for #ident { type Reply = #reply; })
        });
        let families = &self.families;
        let entry = match (kind, self.local) {
            (Kind::Event, false) => "event",
            (Kind::Event, true) => "local_event",
            (_, false) => "request",
            (_, true) => "local_request",
        };
        let entry = Ident::new(entry, at);
        quote_spanned! {at=>
            const _: () = {
                impl #p::Message for #ident {
                    const META: &'static #p::MessageMeta = &#meta;
                    fn slot() -> &'static #p::Slot {
                        static SLOT: #p::Slot = #p::Slot::new();
                        &SLOT
                    }
                    #key
                }
                impl #p::#marker for #ident {}
                #request
                impl #p::Input for #ident { type Shape = #p::Single; }
                #(impl #p::InFamily<#families> for #ident {})*
                #p::inventory::submit! { #p::MessageEntry::#entry::<#ident>() }
            };
        }
    }

    /// The metadata, with a call for each thing there is to say.
    fn meta(&self, kind: Kind, item: &Item, p: &TokenStream) -> TokenStream {
        let at = Span::mixed_site();
        let label = item.ident().to_string();
        let constructor = Ident::new(kind.word(), at);
        let docs = entry::docs(docs::text(&item.attributes).as_deref());
        let name = self.name.as_ref().map(|name| quote_spanned!(at=> .named(#name)));
        let version = self.version.map(|version| {
            let version = Literal::u32_unsuffixed(version);
            quote_spanned!(at=> .version(#version))
        });
        let aliases = &self.aliases;
        let aliases = (!aliases.is_empty()).then(|| quote_spanned!(at=> .aliases(&[#(#aliases),*])));
        let key = self.key.as_ref().map(|key| {
            let key = text(key);
            quote_spanned!(at=> .key(#key))
        });
        let http = self.http.as_ref().map(Http::tokens);
        let families = &self.families;
        let families =
            (!families.is_empty()).then(|| quote_spanned!(at=> .families(&[#(#p::family::<#families>),*])));
        let unit = matches!(item.fields(), Some(Fields::Unit)).then(|| quote_spanned!(at=> .unit()));
        quote_spanned! {at=>
            #p::MessageMeta::#constructor(#label, ::core::module_path!(), #p::Site::new(::core::file!(), ::core::line!()))
                #docs #name #version #aliases #key #http #families #unit
        }
    }
}

/// A wire name: words of letters, digits, `_` and `-`, joined by dots.
fn wire_name(key: &Key<'_>, name: LitStr) -> syn::Result<LitStr> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    if name.value().split('.').all(word) {
        return Ok(name);
    }
    let example =
        if key.name == "name" { "name = \"payment.Charge\"" } else { "aliases(\"payment.Charge\")" };
    Err(key.error(&name, "words joined by dots, each beginning with a letter,", example))
}

fn has(fields: Option<&Fields>, key: &Member) -> bool {
    fields.is_some_and(|fields| fields.members().any(|member| member == *key))
}

fn members(fields: &Fields) -> Vec<String> {
    fields.members().map(|member| text(&member)).collect()
}

/// A field's name, or its number in a tuple.
fn text(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
