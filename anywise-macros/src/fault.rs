//! `#[derive(Fault)]`: an error with a kind and a stable code for each way to fail.
//!
//! The kind alone decides status, retry and settlement; that is core's business. Here each variant is given the two, and,
//! where the user wrote words, `Display` and `Error`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Member, Path, Token, Type, Variant};

use crate::data::says;
use crate::errors::Errors;
use crate::facade::Facade;
use crate::keys;
use crate::placeholders::Template;
use crate::subject::Subject;

/// The kinds as written, with their names in core.
const KINDS: &[(&str, &str)] = &[
    ("invalid", "Invalid"),
    ("unauthenticated", "Unauthenticated"),
    ("declined", "Declined"),
    ("forbidden", "Forbidden"),
    ("not_found", "NotFound"),
    ("conflict", "Conflict"),
    ("too_large", "TooLarge"),
    ("unprocessable", "Unprocessable"),
    ("rate_limited", "RateLimited"),
    ("internal", "Internal"),
    ("unavailable", "Unavailable"),
    ("timeout", "Timeout"),
];

/// What `#[fault(..)]` said on one variant or on the whole type.
#[derive(Default)]
struct Keys {
    kind: Option<(Ident, &'static str)>,
    code: Option<LitStr>,
    message: Option<LitStr>,
    detail: Option<LitStr>,
    transparent: Option<Ident>,
    facade: Option<Path>,
    wire: Option<Wire>,
}

/// That a fault travels, and its name there.
struct Wire {
    key: Ident,
    name: Option<LitStr>,
}

/// Every way to fail.
#[derive(Default)]
struct Ways {
    own: Vec<Way>,
    foreign: Vec<Foreign>,
}

/// A way to fail that is another error's: a `transparent` variant.
struct Foreign {
    path: TokenStream,
    member: Member,
    error: Type,
}

/// One way to fail.
struct Way {
    /// `Self::Variant`, or `Self` for a struct.
    path: TokenStream,
    kind: &'static str,
    code: LitStr,
    message: Option<Template>,
    detail: Option<Template>,
    source: Option<Member>,
    fields: Option<Member>,
}

/// The expansion of the derive on `item`.
pub(crate) fn fault(item: &TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let subject = Subject::new("fault", &input.ident);
    let container = Keys::read(
        &subject,
        &input.attrs,
        &["kind", "code", "message", "detail", "wire", "crate"],
        &mut errors,
    );
    let ways = ways(&subject, &input, &container, &mut errors);
    let p = Facade::new(container.facade.as_ref()).private();
    if errors.is_empty() {
        return expand(&input.ident, &ways, container.wire.as_ref(), &p);
    }
    let placeholder = placeholder(&input, &p);
    let errors = errors.into_tokens();
    quote!(#errors #placeholder)
}

impl Keys {
    fn read(subject: &Subject, attributes: &[Attribute], legal: &[&str], errors: &mut Errors) -> Self {
        let mut found = Self::default();
        let arguments = attributes.iter().filter(|attribute| attribute.path().is_ident("fault")).filter_map(
            |attribute| {
                let list = attribute.meta.require_list();
                if list.is_err() {
                    errors.help(
                        attribute,
                        format!("{subject} must have the keys of `fault` in parentheses"),
                        "write `#[fault(kind = not_found, code = \"slice.word\")]`",
                    );
                }
                list.ok().map(|list| list.tokens.clone())
            },
        );
        let arguments: Punctuated<TokenStream, Token![,]> = arguments.collect();
        keys::read(subject, legal, arguments.into_token_stream(), errors, |key, input, _| {
            match key.name.to_string().as_str() {
                "kind" => {
                    let name: Ident = key.value(input, "kind = not_found")?;
                    found.kind = Some(kind(subject, name)?);
                }
                "code" => {
                    let code = key.text(input, "code = \"slice.word\"")?;
                    if !is_code(&code.value()) {
                        return Err(key.error(
                            &code,
                            "at least two lower-case words joined by dots",
                            "code = \"slice.word\"",
                        ));
                    }
                    found.code = Some(code);
                }
                "message" => {
                    found.message = Some(key.text(input, "message = \"words with {field}\"")?);
                }
                "detail" => {
                    found.detail = Some(key.text(input, "detail = \"words for the caller\"")?);
                }
                "transparent" => {
                    key.flag(input)?;
                    found.transparent = Some(key.name.clone());
                }
                "wire" => {
                    let named = input.peek(Token![=]);
                    let name = named.then(|| key.text(input, "wire = \"slice.Name\"")).transpose()?;
                    if name.is_none() {
                        key.flag(input)?;
                    }
                    found.wire = Some(Wire { key: key.name.clone(), name });
                }
                _ => found.facade = Some(key.value(input, "crate = path")?),
            }
            Ok(())
        });
        found
    }
}

fn kind(subject: &Subject, name: Ident) -> syn::Result<(Ident, &'static str)> {
    let text = name.to_string();
    if let Some((_, variant)) = KINDS.iter().find(|(word, _)| *word == text) {
        return Ok((name, variant));
    }
    let words: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
    let near =
        keys::nearest(&text, &words).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let message =
        format!("{subject} must not have the kind `{text}`\nhelp: {near}{}", keys::these("kind", &words));
    Err(syn::Error::new_spanned(name, message))
}

/// `[a-z0-9_]+(\.[a-z0-9_]+)+`
fn is_code(code: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    code.contains('.') && code.split('.').all(word)
}

/// Every way to fail, checked; shorter than the variants when there are mistakes.
fn ways(subject: &Subject, input: &DeriveInput, container: &Keys, errors: &mut Errors) -> Ways {
    if !input.generics.params.is_empty() {
        let note = "it is registered when the program is linked, so it must be one type";
        errors.note(&input.generics.params, format!("{subject} must not be generic"), note);
    }
    match &input.data {
        Data::Struct(data) => {
            let own = way(subject, container, container, quote!(Self), &data.fields, &input.ident, errors);
            Ways { own: own.into_iter().collect(), ..Ways::default() }
        }
        Data::Enum(data) => {
            for text in [&container.code, &container.message, &container.detail].into_iter().flatten() {
                errors.help(
                    text,
                    format!("{subject} must have code, message and detail on its variants"),
                    "move this to each variant: only `kind` may stand on the enum",
                );
            }
            if data.variants.is_empty() {
                errors.help(
                    &input.ident,
                    format!("{subject} must have a variant"),
                    "write one variant for each way to fail",
                );
            }
            let mut ways = Ways::default();
            for variant in &data.variants {
                ways.add(&input.ident, variant, container, errors);
            }
            check_messages(subject, &ways.own, errors);
            check_codes(subject, &ways.own, errors);
            ways
        }
        Data::Union(data) => {
            errors.help(
                data.union_token,
                format!("{subject} must be an enum or a struct"),
                "write `enum` with one variant for each way to fail",
            );
            Ways::default()
        }
    }
}

impl Ways {
    fn add(&mut self, of: &Ident, variant: &Variant, container: &Keys, errors: &mut Errors) {
        let Variant { attrs, ident, fields, .. } = variant;
        let subject = Subject::new("fault", &format!("{of}::{ident}"));
        let keys = Keys::read(&subject, attrs, &["kind", "code", "message", "detail", "transparent"], errors);
        let path = quote!(Self::#ident);
        match &keys.transparent {
            Some(key) => self.foreign.extend(foreign(&subject, &keys, key, path, fields, errors)),
            None => self.own.extend(way(&subject, &keys, container, path, fields, ident, errors)),
        }
    }
}

/// A way to fail that is the error in its one field.
fn foreign(
    subject: &Subject,
    keys: &Keys,
    key: &Ident,
    path: TokenStream,
    fields: &Fields,
    errors: &mut Errors,
) -> Option<Foreign> {
    let Keys { kind, code, message, detail, .. } = keys;
    if kind.is_some() || [code, message, detail].into_iter().any(Option::is_some) {
        let help = "remove the other keys, or remove `transparent`";
        errors.help(key, format!("{subject} must have what its error says of itself and nothing else"), help);
    }
    let member = fields.members().next().filter(|_| fields.len() == 1);
    if member.is_none() {
        errors.help(key, format!("{subject} must have one field, the error"), "write `Variant(OtherError)`");
    }
    let error = fields.iter().next()?.ty.clone();
    Some(Foreign { path, member: member?, error })
}

/// One way to fail out of its own keys and the defaults of its container.
fn way(
    subject: &Subject,
    keys: &Keys,
    container: &Keys,
    path: TokenStream,
    fields: &Fields,
    ident: &Ident,
    errors: &mut Errors,
) -> Option<Way> {
    let template = |text: &Option<LitStr>, errors: &mut Errors| {
        let template = Template::new(subject, text.as_ref()?, fields);
        template.map_err(|error| errors.add(error)).ok()
    };
    let message = template(&keys.message, errors);
    let detail = template(&keys.detail, errors);
    let kind = keys.kind.as_ref().or(container.kind.as_ref());
    if errors.is_empty() && kind.is_none() {
        errors.help(
            ident,
            format!("{subject} must have a kind"),
            "add `#[fault(kind = not_found)]`: the kind decides status and retry",
        );
    }
    if errors.is_empty() && keys.code.is_none() {
        errors.help(
            ident,
            format!("{subject} must have a code"),
            "add `#[fault(code = \"slice.word\")]`: callers tell errors apart by it",
        );
    }
    let (_, kind) = kind?;
    Some(Way {
        path,
        kind,
        code: keys.code.clone()?,
        message,
        detail,
        source: marked(subject, fields, "source", "cause", errors).or_else(|| named(fields, "source")),
        fields: marked(subject, fields, "fields", "list of fields", errors),
    })
}

/// The field marked `#[attribute]`, which is the fault's one `role`.
fn marked(
    subject: &Subject,
    fields: &Fields,
    attribute: &str,
    role: &str,
    errors: &mut Errors,
) -> Option<Member> {
    let is_marked = |field: &Field| field.attrs.iter().any(|written| written.path().is_ident(attribute));
    for second in fields.iter().filter(|field| is_marked(field)).skip(1) {
        errors.help(
            second,
            format!("{subject} must have one {role}"),
            format!("remove this `#[{attribute}]`"),
        );
    }
    let position = fields.iter().position(is_marked)?;
    fields.members().nth(position)
}

/// The field of that name.
fn named(fields: &Fields, name: &str) -> Option<Member> {
    fields.members().find(|member| matches!(member, Member::Named(ident) if ident == name))
}

fn check_messages(subject: &Subject, ways: &[Way], errors: &mut Errors) {
    let Some(with) = ways.iter().find(|way| way.message.is_some()) else {
        return;
    };
    if !errors.is_empty() {
        return;
    }
    for way in ways.iter().filter(|way| way.message.is_none()) {
        let help = format!(
            "add `message = \"..\"` here, or remove it from `{}` and write `Display` yourself",
            compact(&with.path)
        );
        errors.help(&way.code, format!("{subject} must have a message on every variant or on none"), help);
    }
}

fn check_codes(subject: &Subject, ways: &[Way], errors: &mut Errors) {
    for (at, way) in ways.iter().enumerate() {
        let clash =
            ways[..at].iter().find(|first| first.code.value() == way.code.value() && first.kind != way.kind);
        if let Some(first) = clash {
            let help =
                format!("choose another code: `{}` has this one with another kind", compact(&first.path));
            errors.help(
                &way.code,
                format!("{subject} must have one kind for the code `{}`", way.code.value()),
                help,
            );
        }
    }
}

fn compact(path: &TokenStream) -> String {
    crate::signature::compact(path)
}

fn expand(ident: &Ident, Ways { own, foreign }: &Ways, wire: Option<&Wire>, p: &TokenStream) -> TokenStream {
    let at = Span::mixed_site();
    let infos = own.iter().map(|Way { kind, code, .. }| {
        let kind = Ident::new(kind, at);
        quote_spanned!(at=> #p::FaultInfo::new(#p::Kind::#kind, #code))
    });
    let views = own.iter().map(|Way { path, kind, code, detail, fields, .. }| {
        let kind = Ident::new(kind, at);
        let pattern = pattern(detail.as_ref());
        let listed = fields.as_ref().map(|member| quote_spanned!(at=> #member: listed,));
        let fields = fields.as_ref().map(|_| quote_spanned!(at=> .fields(listed)));
        let detail = detail.as_ref().map(|Template { text, .. }| quote_spanned!(at=> .detail(::std::format!(#text))));
        quote_spanned!(at=> #path { #listed #pattern } => #p::FaultView::new(#p::Kind::#kind, #code) #detail #fields,)
    });
    let foreign_views = foreign.iter().map(
        |Foreign { path, member, .. }| quote_spanned!(at=> #path { #member: error } => #p::view(error),),
    );
    let froms = foreign.iter().map(|foreign| from(ident, foreign));
    let spoken = own.is_empty() || own.iter().any(|way| way.message.is_some());
    let error = spoken.then(|| error(ident, own, foreign, p));
    let entry = entry(ident, wire, p);
    quote_spanned! {at=>
        const _: () = {
            #[automatically_derived]
            impl #p::Fault for #ident {
                const FAULTS: &'static [#p::FaultInfo] = &[#(#infos),*];
                fn fault(&self) -> #p::FaultView {
                    match self { #(#views)* #(#foreign_views)* }
                }
            }
            #error
            #(#froms)*
            #p::inventory::submit! { #entry }
        };
    }
}

/// What the linker collects.
fn entry(ident: &Ident, wire: Option<&Wire>, p: &TokenStream) -> TokenStream {
    let at = Span::mixed_site();
    let Some(Wire { key, name }) = wire else {
        return quote_spanned!(at=> #p::FaultEntry::of::<#ident>());
    };
    let name = name.as_ref().map_or_else(
        || quote_spanned!(at=> ::core::option::Option::None),
        |name| quote_spanned!(at=> ::core::option::Option::Some(#name)),
    );
    // rustc says at the key what the type lacks.
    let wired = quote_spanned!(at.located_at(key.span())=> #p::FaultEntry::wired::<#ident>);
    quote_spanned! {at=>
        #wired(
            ::core::stringify!(#ident),
            #name,
            ::core::module_path!(),
            #p::Site::new(::core::file!(), ::core::line!()),
        )
    }
}

/// What `?` needs to make the fault out of another error.
fn from(ident: &Ident, Foreign { path, member, error }: &Foreign) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl ::core::convert::From<#error> for #ident {
            fn from(error: #error) -> Self {
                #path { #member: error }
            }
        }
    }
}

/// `Display` and `Error`.
fn error(ident: &Ident, own: &[Way], foreign: &[Foreign], p: &TokenStream) -> TokenStream {
    let at = Span::mixed_site();
    let messages = own.iter().map(|Way { path, message, .. }| {
        let pattern = pattern(message.as_ref());
        let text = message.as_ref().map(|template| &template.text);
        quote_spanned!(at=> #path { #pattern } => ::core::write!(f, #text),)
    });
    let foreign_messages = foreign.iter().map(|Foreign { path, member, .. }| {
        quote_spanned!(at=> #path { #member: error } => ::core::fmt::Display::fmt(error, f),)
    });
    let sources = own.iter().filter_map(|Way { path, source, .. }| {
        let source = source.as_ref()?;
        Some(quote_spanned!(at=> #path { #source: cause, .. } => ::core::option::Option::Some(cause.as_source()),))
    });
    let foreign_sources = foreign.iter().map(|Foreign { path, member, .. }| {
        quote_spanned!(at=> #path { #member: error } => ::core::error::Error::source(error),)
    });
    let sources: Vec<_> = sources.collect();
    let boxed = (!sources.is_empty()).then(|| quote_spanned!(at=> use #p::AsSource as _;));
    let sources: Vec<_> = sources.into_iter().chain(foreign_sources).collect();
    let rest = (sources.len() < own.len() + foreign.len())
        .then(|| quote_spanned!(at=> _ => ::core::option::Option::None,));
    let source = (!sources.is_empty()).then(|| {
        quote_spanned! {at=>
            fn source(&self) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> {
                #boxed
                match self { #(#sources)* #rest }
            }
        }
    });
    quote_spanned! {at=>
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#messages)* #(#foreign_messages)* }
            }
        }
        #[automatically_derived]
        impl ::core::error::Error for #ident { #source }
    }
}

/// The fields a text captures, and `..` for the rest.
fn pattern(template: Option<&Template>) -> TokenStream {
    let used = template.into_iter().flat_map(|template| &template.used);
    let used = used.map(|(member, binding)| match member {
        Member::Named(_) => quote!(#binding,),
        Member::Unnamed(number) => quote!(#number: #binding,),
    });
    quote!(#(#used)* ..)
}

/// Stands in for the implementations while there are mistakes, so that the functions that return this error have none.
fn placeholder(input: &DeriveInput, p: &TokenStream) -> Option<TokenStream> {
    if !input.generics.params.is_empty() {
        return None;
    }
    let ident = &input.ident;
    let display = has_messages(input).then(|| {
        quote_spanned! {Span::mixed_site()=>
            impl ::core::fmt::Display for #ident {
                fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::unreachable!()
                }
            }
            impl ::core::error::Error for #ident {}
        }
    });
    Some(quote_spanned! {Span::mixed_site()=>
        const _: () = {
            #display
            impl #p::Fault for #ident {
                const FAULTS: &'static [#p::FaultInfo] = &[];
                fn fault(&self) -> #p::FaultView {
                    ::core::unreachable!()
                }
            }
        };
    })
}

/// Whether the user left `Display` to the derive.
fn has_messages(input: &DeriveInput) -> bool {
    let variants = match &input.data {
        Data::Enum(data) => data.variants.iter().map(|variant| &variant.attrs[..]).collect(),
        Data::Struct(_) | Data::Union(_) => Vec::new(),
    };
    let mut attributes = variants.into_iter().chain([&input.attrs[..]]);
    attributes.any(|attributes| says(attributes, "fault", "message"))
}
