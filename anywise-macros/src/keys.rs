//! The keys of an attribute: `name = value`, `name(values)` or a bare `name`, separated by commas.
//!
//! It knows which keys are legal, that none comes twice, and how to go on after a mistake so that one run reports all of
//! them. What a value means is the business of the attribute that reads it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Error, LitInt, LitStr, Token, parenthesized, token};

use crate::errors::Errors;
use crate::subject::Subject;

/// One key of an attribute, in front of its value.
pub(crate) struct Key<'a> {
    /// The key as written.
    pub(crate) name: &'a Ident,
    subject: &'a Subject,
}

/// Reads all keys of `attribute`; `value` is called once for each legal key and reads what follows its name.
pub(crate) fn read(
    subject: &Subject,
    legal: &[&str],
    arguments: TokenStream,
    errors: &mut Errors,
    mut value: impl FnMut(&Key<'_>, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let all = |input: ParseStream<'_>| {
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            if let Err(error) = one(subject, legal, &mut seen, input, errors, &mut value) {
                errors.add(error);
                skip(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = all.parse2(arguments) {
        errors.add(error);
    }
}

fn one(
    subject: &Subject,
    legal: &[&str],
    seen: &mut Vec<String>,
    input: ParseStream<'_>,
    errors: &mut Errors,
    value: &mut impl FnMut(&Key<'_>, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) -> syn::Result<()> {
    let Ok(name) = input.call(Ident::parse_any) else {
        let message = format!("{subject} must be described with keys\nhelp: {}", these("key", legal));
        return Err(input.error(message));
    };
    let text = name.to_string();
    if !legal.contains(&text.as_str()) {
        return Err(Error::new(name.span(), unknown(subject, &text, legal)));
    }
    if seen.contains(&text) {
        let message = format!("{subject} must have the key `{text}` once\nhelp: remove one of the two");
        return Err(Error::new(name.span(), message));
    }
    seen.push(text);
    value(&Key { name: &name, subject }, input, errors)?;
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input
        .error(format!("{subject} must have a comma after the key `{name}`\nhelp: write `,` before this")))
}

/// Goes to the next comma that is not inside `<..>` (brackets and braces are one token each).
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    let mut depth = 0_usize;
    while !input.is_empty() && (depth > 0 || !input.peek(Token![,])) {
        if let TokenTree::Punct(punct) = input.parse::<TokenTree>()? {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    Ok(())
}

impl Key<'_> {
    /// A key that stands alone.
    pub(crate) fn flag(&self, input: ParseStream<'_>) -> syn::Result<bool> {
        if input.peek(Token![=]) || input.peek(token::Paren) {
            return Err(self.malformed(input, &self.name.to_string()));
        }
        Ok(true)
    }

    /// The value after `=`; `example` is the whole key as it should look.
    pub(crate) fn value<T: Parse>(&self, input: ParseStream<'_>, example: &str) -> syn::Result<T> {
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Err(self.malformed(input, example));
        }
        let malformed = self.malformed(input, example);
        input.parse().map_err(|_| malformed)
    }

    /// The values between parentheses, at least one.
    pub(crate) fn values<T: Parse>(&self, input: ParseStream<'_>, example: &str) -> syn::Result<Vec<T>> {
        let malformed = self.malformed(input, example);
        if !input.peek(token::Paren) {
            return Err(malformed);
        }
        let inner;
        parenthesized!(inner in input);
        match Punctuated::<T, Token![,]>::parse_terminated(&inner) {
            Ok(values) if !values.is_empty() => Ok(values.into_iter().collect()),
            _ => {
                // What is left would be reported a second time.
                inner.parse::<TokenStream>()?;
                Err(malformed)
            }
        }
    }

    /// A text after `=`.
    pub(crate) fn text(&self, input: ParseStream<'_>, example: &str) -> syn::Result<LitStr> {
        self.value(input, example)
    }

    /// A whole number of at least one that fits `u32`, after `=`.
    pub(crate) fn positive(&self, input: ParseStream<'_>, example: &str) -> syn::Result<u32> {
        let number: LitInt = self.value(input, example)?;
        match number.base10_parse::<u32>() {
            Ok(value) if value > 0 => Ok(value),
            _ => Err(self.error(&number, "a number of at least 1", example)),
        }
    }

    /// An error at `tokens`: the value must be `what`. `example` is the whole key as it should look.
    pub(crate) fn error(&self, tokens: impl ToTokens, what: &str, example: &str) -> Error {
        let Self { name, subject } = self;
        Error::new_spanned(tokens, format!("{subject} must have {what} as `{name}`\nhelp: write `{example}`"))
    }

    /// An error at what follows, or at the key when nothing does.
    fn malformed(&self, input: ParseStream<'_>, example: &str) -> Error {
        let Self { name, subject } = self;
        let span = if input.is_empty() || input.peek(Token![,]) { name.span() } else { input.span() };
        Error::new(span, format!("{subject} must have a well-formed key `{name}`\nhelp: write `{example}`"))
    }
}

/// The message for a key that does not exist.
pub(crate) fn unknown(subject: &Subject, name: &str, legal: &[&str]) -> String {
    let near = match nearest(name, legal) {
        Some(near) => format!("did you mean `{near}`? "),
        None => String::new(),
    };
    format!("{subject} must not have the key `{name}`\nhelp: {near}{}", these("key", legal))
}

/// The names in code quotes, separated by commas.
pub(crate) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// All there are: `the keys are ..`, `the only field is ..`.
pub(crate) fn these(what: &str, names: &[&str]) -> String {
    match names {
        [only] => format!("the only {what} is `{only}`"),
        names => format!("the {what}s are {}", list(names)),
    }
}

/// The legal name that a typing error away from `name` would give.
pub(crate) fn nearest<'a>(name: &str, legal: &[&'a str]) -> Option<&'a str> {
    let closest =
        legal.iter().map(|&candidate| (strsim::damerau_levenshtein(name, candidate), candidate)).min()?;
    (closest.0 <= name.len().div_ceil(3)).then_some(closest.1)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typing_error_has_a_nearest_key_and_another_word_has_none() {
        let check = |name, expected: Option<&str>| {
            assert_eq!(nearest(name, &["timeout", "blocking"]), expected, "{name}");
        };
        check("timout", Some("timeout"));
        check("timeouts", Some("timeout"));
        check("bloking", Some("blocking"));
        check("retries", None);
    }
}
