//! The address of a target: `http://host:port/prefix`.

use anywise_core::{Error, Kind, Result};
use http::Uri;
use http::uri::{Authority, Scheme};

/// A target's address in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// What stands before every route, without a slash at its end.
    pub(crate) prefix: String,
}

impl Address {
    /// Reads one.
    ///
    /// # Errors
    /// `AW2109`: it is none, or none that can be reached here.
    pub(crate) fn read(url: &str) -> Result<Self> {
        let parts = url.parse::<Uri>().map_err(|error| refused(url, &error.to_string()))?.into_parts();
        let Some(scheme) = parts.scheme else {
            return Err(refused(url, "it does not begin with `http://`"));
        };
        check(&scheme, url)?;
        let authority = parts.authority.ok_or_else(|| refused(url, "it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("…", "it has a user name or a password"));
        }
        let path = parts.path_and_query.as_ref().map_or("", |path| path.as_str());
        if path.contains('?') {
            return Err(refused(url, "it has a query string"));
        }
        Ok(Self { scheme, authority, prefix: path.trim_end_matches('/').to_owned() })
    }

    /// The same target at another place.
    pub(crate) fn at(&self, authority: &Authority) -> Self {
        Self { authority: authority.clone(), ..self.clone() }
    }
}

fn check(scheme: &Scheme, url: &str) -> Result<()> {
    if *scheme == Scheme::HTTP || (*scheme == Scheme::HTTPS && cfg!(feature = "tls")) {
        return Ok(());
    }
    if *scheme == Scheme::HTTPS {
        return Err(refused(url, "`https` takes the feature `tls` of anywise-http"));
    }
    Err(refused(url, "it does not begin with `http://`"))
}

/// `AW2109`.
pub(crate) fn refused(url: &str, why: &str) -> Error {
    Error::new(Kind::Invalid, "AW2109", format!("`{url}` is no address of a target: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_scheme_host_and_perhaps_a_prefix() {
        let check = |url: &str, authority: &str, prefix: &str| {
            let address = Address::read(url).expect("an address");
            assert_eq!((address.authority.as_str(), address.prefix.as_str()), (authority, prefix), "{url}");
        };
        check("http://127.0.0.1:3000", "127.0.0.1:3000", "");
        check("http://shop/", "shop", "");
        check("http://[::1]:80/api/v1/", "[::1]:80", "/api/v1");
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        let check = |url: &str, why: &str| {
            let error = Address::read(url).expect_err("no address");
            assert!(error.code() == "AW2109" && error.message().contains(why), "{error}");
        };
        check("", "empty");
        check("127.0.0.1:3000", "http://");
        check("/payments", "http://");
        check("ftp://shop", "http://");
        check("http://shop/?a=1", "query string");
        check("http://ann:secret@shop/", "password");
        #[cfg(not(feature = "tls"))]
        check("https://shop", "feature `tls`");
        let error = Address::read("http://ann:secret@shop/").expect_err("no address");
        assert!(!error.to_string().contains("secret"));
    }
}
