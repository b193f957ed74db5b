//! Headers with a meaning.

use std::ops::Deref;

use super::principal::nobody;
use super::scope::{FromContext, Scope, absent};
use crate::error::{Error, Kind, Result};

/// A header with a meaning: its name, and how its text is read.
pub trait TypedHeader: Sized + Send {
    /// Name, in lower case.
    const NAME: &'static str;

    /// Reads the text.
    ///
    /// # Errors
    /// That the text is malformed.
    fn parse(text: &str) -> Result<Self>;

    /// The error where the header is missing and not optional.
    fn missing() -> Error {
        absent(&format!("header `{}`", Self::NAME))
    }
}

/// A header of the message, read as `H`.
///
/// Missing headers are errors; take `Option<Header<H>>` where it may be absent.
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// /// The language the caller reads.
/// struct Language(String);
///
/// impl anywise::TypedHeader for Language {
///     const NAME: &'static str = "accept-language";
///
///     fn parse(text: &str) -> Result<Self> {
///         Ok(Self(text.split(',').next().unwrap_or("en").to_owned()))
///     }
/// }
///
/// #[query(reply = String)]
/// struct Greeting;
///
/// #[handler]
/// fn greeting(_: Greeting, language: Option<Header<Language>>) -> String {
///     match language {
///         Some(language) if language.0.0 == "de" => "Hallo".into(),
///         _ => "Hello".into(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Header<H>(pub H);

impl<H> Deref for Header<H> {
    type Target = H;
    fn deref(&self) -> &H {
        &self.0
    }
}

impl<H: TypedHeader> FromContext for Header<H> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        match scope.header(H::NAME) {
            Some(text) => H::parse(text).map(Self),
            None => Err(H::missing().as_absent()),
        }
    }
}

/// The `Authorization` header (RFC 9110, section 11.6.2).
#[derive(Clone)]
pub struct Authorization {
    scheme: String,
    credentials: String,
}

impl Authorization {
    /// The scheme as sent, for example `Bearer`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The credentials after the scheme.
    pub fn credentials(&self) -> &str {
        &self.credentials
    }

    /// The token, if the scheme is `Bearer` (RFC 6750).
    pub fn bearer(&self) -> Option<&str> {
        self.scheme.eq_ignore_ascii_case("bearer").then_some(self.credentials.as_str())
    }
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authorization({} …)", self.scheme)
    }
}

impl TypedHeader for Authorization {
    const NAME: &'static str = "authorization";

    fn parse(text: &str) -> Result<Self> {
        match text.trim().split_once(' ') {
            Some((scheme, credentials)) if !scheme.is_empty() => {
                Ok(Self { scheme: scheme.to_owned(), credentials: credentials.trim_start().to_owned() })
            }
            _ => Err(Error::new(
                Kind::Unauthenticated,
                "AW1101",
                "header `authorization` is not `<scheme> <credentials>`",
            )),
        }
    }

    fn missing() -> Error {
        nobody()
    }
}
