//! The HTTP binding of a command or query: `"POST /payments/{id}"`.
//!
//! It checks the form and that every parameter has a field; whether two messages share a route is seen at start-up.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::ParseStream;
use syn::{Error, Fields, LitInt, LitStr, Token, parenthesized, token};

use crate::errors::Errors;
use crate::keys::{self, Key};
use crate::subject::Subject;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];
const EXAMPLE: &str = "http = \"POST /payments/{id}\"";

/// A method, a path and what a success looks like.
pub(crate) struct Http {
    method: String,
    path: String,
    status: Option<u16>,
    location: Option<String>,
    /// The template as written, for errors.
    template: LitStr,
}

impl Http {
    /// Reads `http = ".."` or `http("..", status = 201, location = "..")`.
    pub(crate) fn read(
        subject: &Subject,
        key: &Key<'_>,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<Self> {
        if !input.peek(token::Paren) {
            return Self::new(subject, &key.text(input, EXAMPLE)?);
        }
        let inner;
        parenthesized!(inner in input);
        let Ok(template) = inner.parse::<LitStr>() else {
            inner.parse::<TokenStream>()?;
            return Err(key.error(key.name, "a method and a path", EXAMPLE));
        };
        inner.parse::<Option<Token![,]>>()?;
        let (mut status, mut location) = (None, None);
        keys::read(subject, &["status", "location"], inner.parse()?, errors, |key, input, _| {
            if key.name == "status" {
                status = Some(status_code(key, input)?);
            } else {
                let text = key.text(input, "location = \"/payments/{id}\"")?;
                segments(subject, &text, &text.value())?;
                location = Some(text.value());
            }
            Ok(())
        });
        Ok(Self { status, location, ..Self::new(subject, &template)? })
    }

    fn new(subject: &Subject, template: &LitStr) -> syn::Result<Self> {
        let text = template.value();
        let (method, path) = text.split_once(' ').unwrap_or((&text, ""));
        if !METHODS.contains(&method) {
            let upper = method.to_uppercase();
            let near = keys::nearest(&upper, METHODS)
                .map(|near| format!("did you mean `{near}`? "))
                .unwrap_or_default();
            let methods = keys::these("method", METHODS);
            return Err(fault(
                template,
                subject,
                "begin its HTTP template with a method",
                &format!("{near}{methods}"),
            ));
        }
        segments(subject, template, path)?;
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            status: None,
            location: None,
            template: template.clone(),
        })
    }

    /// Refuses a path parameter that is no field.
    pub(crate) fn check(&self, subject: &Subject, fields: Option<&Fields>, errors: &mut Errors) {
        let names: Vec<String> = fields
            .into_iter()
            .flatten()
            .filter_map(|field| Some(field.ident.as_ref()?.to_string()))
            .collect();
        for parameter in
            parameters(&self.path).filter(|parameter| !names.iter().any(|name| name == parameter))
        {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let help = match keys::nearest(parameter, &names) {
                _ if names.is_empty() => {
                    "it has no named fields: remove the parameter from the path".to_owned()
                }
                Some(near) => format!("did you mean `{{{near}}}`? {}", keys::these("field", &names)),
                None => keys::these("field", &names),
            };
            errors.help(
                &self.template,
                format!("{subject} must have a field for the path parameter `{{{parameter}}}`"),
                help,
            );
        }
    }

    /// `.http(..)` on the metadata.
    pub(crate) fn tokens(&self) -> TokenStream {
        let at = Span::mixed_site();
        let Self { method, path, status, location, .. } = self;
        let status = status.map(Literal::u16_unsuffixed);
        let (status, location) = (option(status), option(location.as_ref()));
        quote_spanned!(at=> .http(#method, #path, #status, #location))
    }
}

/// A value as the `Option` that core takes.
fn option(value: Option<impl ToTokens>) -> TokenStream {
    let at = Span::mixed_site();
    if let Some(value) = value {
        quote_spanned!(at=> ::core::option::Option::Some(#value))
    } else {
        quote_spanned!(at=> ::core::option::Option::None)
    }
}

fn status_code(key: &Key<'_>, input: ParseStream<'_>) -> syn::Result<u16> {
    let number: LitInt = key.value(input, "status = 201")?;
    match number.base10_parse::<u16>() {
        Ok(status) if (100..=599).contains(&status) => Ok(status),
        _ => Err(key.error(&number, "a number from 100 to 599", "status = 201")),
    }
}

/// Checks a path of `/segment`s in which a parameter fills a whole segment and comes once.
fn segments(subject: &Subject, template: &LitStr, path: &str) -> syn::Result<()> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err(fault(
            template,
            subject,
            "have an HTTP path that begins with `/`",
            &format!("write `{EXAMPLE}`"),
        ));
    };
    let mut seen = Vec::new();
    for segment in rest.split('/').filter(|_| !rest.is_empty()) {
        if let Some(name) = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
            if syn::parse_str::<proc_macro2::Ident>(name).is_err() {
                return Err(fault(
                    template,
                    subject,
                    &format!("name the path parameter `{segment}` after a field"),
                    "write `{field}`",
                ));
            }
            if seen.contains(&name) {
                return Err(fault(
                    template,
                    subject,
                    &format!("have the path parameter `{segment}` once"),
                    "remove one of the two",
                ));
            }
            seen.push(name);
        } else if segment.contains(['{', '}']) {
            return Err(fault(
                template,
                subject,
                &format!("have a whole segment for a path parameter, not `{segment}`"),
                "write `/{field}/`",
            ));
        } else if segment.is_empty()
            || segment.contains(|c: char| c.is_whitespace() || c.is_control() || "?#*%\\\"<>^`|".contains(c))
        {
            let what = format!("have an HTTP path of plain segments, not `{path}`");
            return Err(fault(
                template,
                subject,
                &what,
                "write letters, digits, `-`, `_`, `.` or `{field}` between single slashes",
            ));
        }
    }
    Ok(())
}

fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn fault(template: &LitStr, subject: &Subject, must: &str, help: &str) -> Error {
    Error::new_spanned(template, format!("{subject} must {must}\nhelp: {help}"))
}
