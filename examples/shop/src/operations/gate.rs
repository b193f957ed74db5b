//! Who may operate the shop: whoever sits at this machine, and no web page that
//! happens to be open there.
//!
//! The routes exist only where the shop listens on a loopback address. On top of
//! that the names it is called by are checked, because any name can be made to
//! lead to a loopback address (DNS rebinding); what came through a proxy is
//! refused; and a form must come from a page of the same origin, which it also
//! proves with the token of this process.

use anywise_axum::Problem;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN,
    REFERRER_POLICY,
};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use anywise_docs::Operations;

/// The names under which this machine calls itself.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What a proxy adds to a request.
const PROXIED: [&str; 5] = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via"];

/// Lets a request pass, or refuses it.
pub(super) async fn gate(request: Request, next: Next) -> Response {
    let mut response = match check(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let policy = HeaderValue::from_static(Operations::CONTENT_SECURITY_POLICY);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With none at all, forms would say that they come from nowhere.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

pub(super) fn refused(why: &'static str) -> Problem {
    Problem::new(403, "operations.refused").detail(why)
}

fn check(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    if PROXIED.iter().any(|name| headers.contains_key(*name)) {
        return Err(refused("these pages are not for what comes through a proxy"));
    }
    let host = host(uri, headers).ok_or_else(|| {
        refused("these pages are found under 127.0.0.1, localhost and [::1] only, on the machine itself")
    })?;
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    if !is_same_origin(host, headers) {
        return Err(refused("forms are taken from these pages only"));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().map(str::trim) {
        Some("application/x-www-form-urlencoded") => Ok(()),
        _ => Err(Problem::new(415, "AW1020").detail("expected application/x-www-form-urlencoded")),
    }
}

/// The host that was asked for, with its port, if it is this machine.
fn host<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    let said = headers.get(HOST).map(HeaderValue::to_str);
    let host = match said {
        Some(host) => host.ok()?,
        None => uri.authority()?.as_str(),
    };
    let port = NAMES.iter().find_map(|name| host.strip_prefix(name))?;
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_number)).then_some(host)
}

/// Whether the request says that it is from a page of ours, and nothing else
/// says otherwise.
fn is_same_origin(host: &str, headers: &HeaderMap) -> bool {
    let origin = headers.get(ORIGIN).map(|origin| {
        let origin = origin.as_bytes().strip_prefix(b"http://");
        origin == Some(host.as_bytes())
    });
    let fetched = headers.get("sec-fetch-site").map(|site| site == "same-origin");
    origin.or(fetched).is_some() && origin != Some(false) && fetched != Some(false)
}

#[cfg(test)]
mod tests {
    use axum::http::header::HeaderName;

    use super::*;

    #[track_caller]
    fn checked(method: &Method, lines: &[(&str, &str)]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.insert(name, value.parse().expect("a value"));
        }
        check(method, &Uri::from_static("/anywise/operations"), &headers).err().map(|no| no.status().as_u16())
    }

    #[test]
    fn pages_are_for_this_machine_under_its_own_names() {
        for host in ["127.0.0.1:3000", "localhost:3000", "localhost", "[::1]:3000"] {
            assert_eq!(checked(&Method::GET, &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "localhost:",
            "10.0.0.1",
            "localhost:80x",
            "",
        ] {
            assert_eq!(checked(&Method::GET, &[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(checked(&Method::GET, &[]), Some(403));
        for name in PROXIED {
            assert_eq!(checked(&Method::GET, &[("host", "localhost"), (name, "x")]), Some(403), "{name}");
        }
    }

    #[test]
    fn forms_are_taken_from_the_same_origin_only() {
        let post = |lines: &[(&str, &str)]| {
            let form = [("host", "localhost:3000"), ("content-type", "application/x-www-form-urlencoded")];
            checked(&Method::POST, &[&form[..], lines].concat())
        };
        assert_eq!(post(&[("origin", "http://localhost:3000")]), None);
        assert_eq!(post(&[("sec-fetch-site", "same-origin")]), None);
        assert_eq!(post(&[("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")]), None);
        assert_eq!(post(&[]), Some(403));
        for origin in [
            "null",
            "http://127.0.0.1:3000",
            "https://localhost:3000",
            "http://localhost",
            "http://evil.example",
        ] {
            assert_eq!(post(&[("origin", origin)]), Some(403), "{origin}");
            assert_eq!(post(&[("origin", origin), ("sec-fetch-site", "same-origin")]), Some(403), "{origin}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(post(&[("sec-fetch-site", site)]), Some(403), "{site}");
        }
        let json =
            [("host", "localhost"), ("origin", "http://localhost"), ("content-type", "application/json")];
        assert_eq!(checked(&Method::POST, &json), Some(415));
        assert_eq!(checked(&Method::POST, &json[..2]), Some(415));
    }
}
