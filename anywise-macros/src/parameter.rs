//! One parameter of a user's function.
//!
//! It is classed by `&`, `&mut` or neither and by nothing else: no type is recognised by its spelling.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Pat, PatType, Type, TypeReference};

use crate::errors::Errors;
use crate::facade::located;
use crate::signature::compact;
use crate::subject::Subject;

/// One parameter.
pub(crate) struct Param {
    /// The name in errors and in the catalog.
    pub(crate) name: String,
    /// By value, shared or unique.
    pub(crate) form: Form,
    /// The type, without the reference.
    pub(crate) ty: TokenStream,
    /// The parameter as written, for errors.
    pub(crate) written: TokenStream,
}

/// Where a parameter stands.
pub(crate) struct Place<'a> {
    /// What `Self` is there.
    pub(crate) owner: Option<&'a TokenStream>,
    /// The function declares lifetimes, which is reported there.
    pub(crate) names_lifetimes: bool,
}

/// How a parameter is passed: the whole parameter rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `T`: taken from the context of this message.
    Value,
    /// `&T`: a dependency of the application.
    Shared,
    /// `&mut T`: a unit of work.
    Unique,
}

impl Param {
    /// The parameter at position `at`.
    pub(crate) fn new(
        subject: &Subject,
        at: usize,
        typed: &PatType,
        place: &Place<'_>,
        errors: &mut Errors,
    ) -> Self {
        let name = name(&typed.pat).unwrap_or_else(|| format!("parameter {}", at + 1));
        if let Some(attribute) = typed.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
            errors.help(
                attribute,
                format!("{subject} must have the same parameters in every build"),
                "remove the `#[cfg(..)]`, or put it on the whole function and write a second one",
            );
        }
        refuse_impl(subject, &format!("`{name}`"), &typed.ty.to_token_stream(), errors);
        let (form, referent) = match bare(&typed.ty) {
            Type::Reference(reference) => {
                if !place.names_lifetimes {
                    refuse_lifetime(subject, &name, reference, errors);
                }
                let form = if reference.mutability.is_some() { Form::Unique } else { Form::Shared };
                (form, bare(&reference.elem))
            }
            ty => (Form::Value, ty),
        };
        let ty = with_owner(referent.to_token_stream(), place.owner);
        Self { name, form, ty, written: typed.to_token_stream() }
    }

    /// A copy of the message, for a function that takes it by value although others receive it too.
    pub(crate) fn owned(&self, p: &TokenStream) -> TokenStream {
        let (p, ty) = (located(p, self.span()), &self.ty);
        quote_spanned!(self.span()=> #p::owned::<#ty>(message))
    }

    /// The position of the type, seen as part of the expansion: rustc's own errors land on the user's word.
    pub(crate) fn span(&self) -> Span {
        Span::mixed_site().located_at(self.ty.span())
    }
}

/// The type without the parentheses and invisible groups around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}

/// The name a pattern binds, when it is one name.
fn name(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(ident) => Some(ident.ident.to_string()),
        Pat::Wild(_) => Some("_".to_owned()),
        Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => tuple.elems.first().and_then(name),
        _ => None,
    }
}

/// `impl` is a keyword: in a type it can only mean `impl Trait`.
pub(crate) fn refuse_impl(subject: &Subject, place: &str, ty: &TokenStream, errors: &mut Errors) {
    if let Some(token) = find(ty.clone(), "impl") {
        errors.note(
            token,
            format!("{subject} must name the type of {place} instead of `impl Trait`"),
            "it is registered when the program is linked, so every type in it must be known",
        );
    }
}

/// A borrow that outlives the call cannot be given.
fn refuse_lifetime(subject: &Subject, name: &str, reference: &TypeReference, errors: &mut Errors) {
    let Some(lifetime) = &reference.lifetime else {
        return;
    };
    let mutable = if reference.mutability.is_some() { "mut " } else { "" };
    errors.help(
        lifetime,
        format!("{subject} must borrow `{name}` without naming a lifetime"),
        format!(
            "write `&{mutable}{}`: the borrow lasts for the call",
            compact(&reference.elem.to_token_stream())
        ),
    );
}

/// The first identifier that is `word`, however deep.
pub(crate) fn find(tokens: TokenStream, word: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == word => Some(ident),
        TokenTree::Group(group) => find(group.stream(), word),
        _ => None,
    })
}

/// The type with every lifetime that is left out written as `'static`, for a place where none may be left out. Those of `fn(&T)`
/// and `Fn(&T)` belong to the function and stay.
pub(crate) fn without_elision(ty: TokenStream) -> TokenStream {
    let mut tokens = ty.into_iter().peekable();
    let (mut written, mut named) = (TokenStream::new(), false);
    while let Some(token) = tokens.next() {
        let is = |token: &TokenTree, c| matches!(token, TokenTree::Punct(punct) if punct.as_char() == c);
        let elided = is(&token, '&') && !tokens.peek().is_some_and(|next| is(next, '\''));
        let follows_name = std::mem::replace(&mut named, matches!(token, TokenTree::Ident(_)));
        match token {
            TokenTree::Group(group) if !follows_name => {
                let mut inner = proc_macro2::Group::new(group.delimiter(), without_elision(group.stream()));
                inner.set_span(group.span());
                written.extend([TokenTree::from(inner)]);
            }
            TokenTree::Ident(ident) if ident == "_" && follows_lifetime(&written) => {
                written.extend([TokenTree::from(Ident::new("static", ident.span()))]);
            }
            token => {
                let span = token.span();
                written.extend([token]);
                if elided {
                    written.extend(quote_spanned!(span=> 'static));
                }
            }
        }
    }
    written
}

/// Whether the last token is the mark of a lifetime.
fn follows_lifetime(tokens: &TokenStream) -> bool {
    let last = tokens.clone().into_iter().last();
    matches!(last, Some(TokenTree::Punct(mark)) if mark.as_char() == '\'')
}

/// The type with `Self` spelled out, since expansions stand outside the user's `impl` block.
pub(crate) fn with_owner(ty: TokenStream, owner: Option<&TokenStream>) -> TokenStream {
    let Some(owner) = owner else { return ty };
    ty.into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => owner.clone(),
            TokenTree::Group(group) => {
                let mut replaced =
                    proc_macro2::Group::new(group.delimiter(), with_owner(group.stream(), Some(owner)));
                replaced.set_span(group.span());
                TokenTree::from(replaced).into()
            }
            token => token.into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        let tokens: TokenStream = input.parse().expect("a type");
        let closed = |text: &str| text.replace(' ', "");
        assert_eq!(closed(&without_elision(tokens).to_string()), closed(expected));
    }

    #[test]
    fn a_lifetime_that_is_left_out_is_static() {
        check("&str", "&'static str");
        check("&&mut str", "&'static &'static mut str");
        check("Result<&str, Ref<'_, u8>>", "Result<&'static str, Ref<'static, u8>>");
        check("(&str, [&u8; 2])", "(&'static str, [&'static u8; 2])");
    }

    #[test]
    fn a_lifetime_that_is_written_stays() {
        check("&'a str", "&'a str");
        check("Result<Ref<'a, u8>>", "Result<Ref<'a, u8>>");
    }

    #[test]
    fn the_parameters_of_a_function_keep_their_own() {
        check("fn(&str) -> u8", "fn(&str) -> u8");
        check("Box<dyn Fn(&str, Ref<'_, u8>) -> u8>", "Box<dyn Fn(&str, Ref<'_, u8>) -> u8>");
    }

    #[test]
    fn what_has_no_lifetime_stays() {
        check("Vec<(u8, _)>", "Vec<(u8, _)>");
    }
}
