//! Who is believed when they say what only the framework may say.

use std::fmt;
use std::sync::Arc;

use anywise_core::link;
use http::header::HeaderMap;
use subtle::ConstantTimeEq as _;

use crate::problem::Problem;

/// Which callers are processes of ours.
///
/// A trusted caller says on whose behalf a message is sent, what caused it and
/// what its id is, with headers that are dropped when anybody else sends them;
/// and it reaches messages that have no route, if [they are
/// offered](crate::Http::every_message).
///
/// Trust is complete: a trusted caller can act for any principal.
///
/// # Examples
/// ```
/// use anywise_axum::{Http, Trust};
///
/// let http = Http::bind("10.0.0.7:3000").trust(Trust::secret("from the secrets file"));
/// # let _ = http;
/// ```
#[derive(Clone, Default)]
pub struct Trust(Whom);

#[derive(Clone, Default)]
enum Whom {
    #[default]
    Nobody,
    Everybody,
    Bearers(Arc<str>),
}

impl Trust {
    /// Trusts nobody; the default.
    pub fn nobody() -> Self {
        Self(Whom::Nobody)
    }

    /// Trusts everybody who can connect: for an address that none but your own
    /// processes reach.
    pub fn everybody() -> Self {
        Self(Whom::Everybody)
    }

    /// Trusts whoever sends this text in the header `aw-secret`. Others are
    /// strangers; whoever sends another text is refused (403 `AW1102`).
    ///
    /// It is sent with each request: use it over TLS, or in a network where
    /// nobody listens. An empty text trusts nobody.
    pub fn secret(secret: impl Into<Arc<str>>) -> Self {
        let secret = secret.into();
        Self(if secret.is_empty() { Whom::Nobody } else { Whom::Bearers(secret) })
    }

    /// Whether the sender of `headers` is trusted.
    ///
    /// # Errors
    /// 403 `AW1102`: it shows a secret that is not the one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Result<bool, Problem> {
        let secret = match &self.0 {
            Whom::Nobody => return Ok(false),
            Whom::Everybody => return Ok(true),
            Whom::Bearers(secret) => secret,
        };
        let mut shown = headers.get_all(link::SECRET).iter();
        match (shown.next(), shown.next()) {
            (None, _) => Ok(false),
            (Some(shown), None) if shown.as_bytes().ct_eq(secret.as_bytes()).into() => Ok(true),
            _ => Err(refused("the header `aw-secret` is not the secret of this server")),
        }
    }
}

/// 403 `AW1102`.
pub(crate) fn refused(detail: &'static str) -> Problem {
    Problem::new(403, "AW1102").detail(detail)
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Whom::Nobody => "Trust(nobody)",
            Whom::Everybody => "Trust(everybody)",
            Whom::Bearers(_) => "Trust(secret …)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trust: &Trust, shown: &[&'static str], expected: Option<bool>) {
        let mut headers = HeaderMap::new();
        for text in shown {
            headers.append(link::SECRET, (*text).try_into().expect("a value"));
        }
        assert_eq!(trust.of(&headers).ok(), expected, "{trust:?} {shown:?}");
    }

    #[test]
    fn whoever_shows_the_secret_is_trusted() {
        let secret = Trust::secret("s3cret");
        check(&secret, &["s3cret"], Some(true));
        check(&secret, &[], Some(false));
        check(&secret, &["s3cre"], None);
        check(&secret, &[""], None);
        check(&secret, &["s3cret", "s3cret"], None);
        check(&Trust::nobody(), &["s3cret"], Some(false));
        check(&Trust::secret(""), &[""], Some(false));
        check(&Trust::everybody(), &[], Some(true));
        assert_eq!(format!("{secret:?}"), "Trust(secret …)");
    }
}
