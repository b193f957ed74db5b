//! A struct or enum that travels: the item as written, the derives it lacks, and `#[data]`, which adds nothing else.
//!
//! The derives come through the facade, so a slice depends on anywise alone. A derive the user wrote is kept.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, Path, Token};

use crate::errors::Errors;
use crate::facade::Facade;
use crate::keys;
use crate::parameter;
use crate::subject::Subject;

/// A struct or enum as written.
pub(crate) struct Item {
    /// Its attributes.
    pub(crate) attributes: Vec<Attribute>,
    /// What follows the attributes.
    rest: TokenStream,
    /// The parsed form.
    pub(crate) input: DeriveInput,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let whole = input.fork().parse()?;
        let attributes = input.call(Attribute::parse_outer)?;
        let rest = input.parse()?;
        Ok(Self { attributes, rest, input: whole })
    }
}

/// The derives an item may be given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Derive {
    Serialize,
    Deserialize,
    JsonSchema,
}

impl Derive {
    /// The derives of a message and of data inside one.
    pub(crate) const ALL: &'static [Self] = &[Self::Serialize, Self::Deserialize, Self::JsonSchema];

    /// The name, which is also the last segment of the path a user writes.
    fn name(self) -> &'static str {
        match self {
            Self::Serialize => "Serialize",
            Self::Deserialize => "Deserialize",
            Self::JsonSchema => "JsonSchema",
        }
    }

    fn path(self, p: &TokenStream) -> TokenStream {
        match self {
            Self::Serialize => quote!(#p::serde::Serialize),
            Self::Deserialize => quote!(#p::serde::Deserialize),
            Self::JsonSchema => quote!(#p::schemars::JsonSchema),
        }
    }
}

impl Item {
    /// Reads the item under `attribute`, which must be `what`; the tokens to emit instead are the error.
    pub(crate) fn read(attribute: &str, what: &str, item: &TokenStream) -> Result<Self, TokenStream> {
        syn::parse2(item.clone()).map_err(|_| {
            let message =
                format!("`#[{attribute}]` must stand on {what}\nhelp: write it directly above {what}");
            let error = syn::Error::new_spanned(item, message).into_compile_error();
            quote!(#error #item)
        })
    }

    /// Its name.
    pub(crate) fn ident(&self) -> &Ident {
        &self.input.ident
    }

    /// The fields of a struct.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        match &self.input.data {
            Data::Struct(data) => Some(&data.fields),
            Data::Enum(_) | Data::Union(_) => None,
        }
    }

    /// Whether it is one type that can be serialised: what [`Item::check`] demands.
    pub(crate) fn is_plain(&self) -> bool {
        !matches!(self.input.data, Data::Union(_)) && self.input.generics.params.is_empty()
    }

    /// Refuses unions.
    pub(crate) fn check_shape(&self, subject: &Subject, errors: &mut Errors) {
        if let Data::Union(union) = &self.input.data {
            errors.help(
                union.union_token,
                format!("{subject} must be a struct or an enum"),
                "a union cannot be serialised: write `struct` or `enum`",
            );
        }
    }

    /// Refuses unions and generics.
    pub(crate) fn check(&self, subject: &Subject, errors: &mut Errors) {
        self.check_shape(subject, errors);
        if !self.input.generics.params.is_empty() {
            errors.note(
                &self.input.generics.params,
                format!("{subject} must not be generic"),
                "it is known by name when the program is linked, so it must be one type",
            );
        }
    }

    /// The item with the derives of `wanted` that it lacks; `strict` adds `deny_unknown_fields` where that is possible.
    pub(crate) fn with_derives(&self, wanted: &[Derive], strict: bool, facade: &Facade) -> TokenStream {
        let Self { attributes, rest, input } = self;
        if matches!(input.data, Data::Union(_)) {
            return quote!(#(#attributes)* #rest);
        }
        let p = facade.private();
        let missing: Vec<_> = wanted
            .iter()
            .filter(|derive| !self.derives(derive.name()))
            .map(|derive| derive.path(&p))
            .collect();
        let derive = (!missing.is_empty()).then(|| quote!(#[derive(#(#missing),*)]));
        let serde = (!wanted.is_empty()).then(|| self.support("serde", facade));
        let schemars = wanted.contains(&Derive::JsonSchema).then(|| self.support("schemars", facade));
        let deny = (strict && !wanted.is_empty() && self.can_be_strict())
            .then(|| quote!(#[serde(deny_unknown_fields)]));
        quote!(#derive #(#attributes)* #serde #deny #schemars #rest)
    }

    /// `#[serde(crate = "..")]` and its like, unless the user wrote one.
    fn support(&self, name: &str, facade: &Facade) -> Option<TokenStream> {
        if says(&self.attributes, name, "crate") {
            return None;
        }
        let path = facade.private_text(name);
        let name = Ident::new(name, proc_macro2::Span::call_site());
        Some(quote!(#[#name(crate = #path)]))
    }

    /// Only named fields can be unknown, and flattened ones are only known while decoding.
    fn can_be_strict(&self) -> bool {
        let Data::Struct(data) = &self.input.data else {
            return false;
        };
        matches!(data.fields, Fields::Named(_))
            && !says(&self.attributes, "serde", "deny_unknown_fields")
            && !data.fields.iter().any(|field| says(&field.attrs, "serde", "flatten"))
    }

    /// Whether the user wrote this derive, judged by the last segment of its path.
    fn derives(&self, name: &str) -> bool {
        let lists = self.attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
        lists
            .filter_map(|list| list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok())
            .flatten()
            .any(|path| path.segments.last().is_some_and(|last| last.ident == name))
    }
}

/// Whether an attribute `#[name(..)]` contains `word`.
pub(crate) fn says(attributes: &[Attribute], name: &str, word: &str) -> bool {
    let named = attributes.iter().filter(|attribute| attribute.path().is_ident(name));
    named
        .filter_map(|attribute| attribute.meta.require_list().ok())
        .any(|list| parameter::find(list.tokens.clone(), word).is_some())
}

/// The expansion of `#[data(arguments)]` on `item`.
pub(crate) fn data(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match Item::read("data", "a struct or an enum", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let mut errors = Errors::default();
    let mut facade = None;
    let subject = Subject::new("data", item.ident());
    keys::read(&subject, &["crate"], arguments, &mut errors, |key, input, _| {
        facade = Some(key.value(input, "crate = path")?);
        Ok(())
    });
    item.check_shape(&subject, &mut errors);
    let item = item.with_derives(Derive::ALL, false, &Facade::new(facade.as_ref()));
    let errors = errors.into_tokens();
    quote!(#item #errors)
}
