//! What a request says beside its body, as the message's [`Head`].

use anywise_core::{Head, Headers, RESERVED_PREFIX, TraceContext};
use http::HeaderMap;
use http::header::{COOKIE, HeaderName, HeaderValue};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// The head of a message that came with these headers.
///
/// What only the framework may say (`aw-…`) is dropped, in any spelling.
pub(crate) fn head(headers: &HeaderMap) -> Head {
    let mut head = Head::default();
    head.correlation_id = correlation_id(headers).map(str::to_owned);
    head.trace = text(headers, "traceparent")
        .and_then(|parent| TraceContext::parse(parent, text(headers, "tracestate")));
    head.headers = names(headers);
    head
}

/// The id by which the caller knows this request, if it is fit to be repeated.
pub(crate) fn correlation_id(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(REQUEST_ID).or_else(|| headers.get(CORRELATION_ID))?;
    let id = sent.to_str().ok()?;
    let fit = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fit.then_some(id)
}

/// What to look for in traces and logs.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<String> {
    let trace = text(headers, "traceparent").and_then(|parent| TraceContext::parse(parent, None));
    let trace = trace.as_ref().and_then(|trace| trace.parent().split('-').nth(1));
    trace.or_else(|| correlation_id(headers)).map(str::to_owned)
}

/// The `x-request-id` to answer with.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<(HeaderName, HeaderValue)> {
    let value = headers.get(REQUEST_ID)?;
    correlation_id(headers).map(|_| (REQUEST_ID, value.clone()))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn names(headers: &HeaderMap) -> Headers {
    let mut names = Headers::default();
    for name in headers.keys().filter(|name| !is_reserved(name.as_str())) {
        let mut values = headers.get_all(name).iter();
        let first = values.next().and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        // A value that is not text cannot be carried on as text.
        let Some(first) = first else { continue };
        let mut value = first.to_owned();
        for more in values {
            let Ok(more) = std::str::from_utf8(more.as_bytes()) else { continue };
            value.push_str(if *name == COOKIE { "; " } else { ", " });
            value.push_str(more);
        }
        names.insert(name.as_str(), value);
    }
    names
}

/// Whether a header looks like the framework's own, `_` for `-` included.
fn is_reserved(name: &str) -> bool {
    name.len() >= RESERVED_PREFIX.len()
        && name.bytes().zip(RESERVED_PREFIX.bytes()).all(|(sent, own)| {
            sent == own || own == b'-' && sent == b'_'
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &[u8])]) -> HeaderMap {
        let pair = |(name, value): &(&str, &[u8])| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            (name, HeaderValue::from_bytes(value).expect("a value"))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn headers_reach_the_message_and_reserved_ones_do_not() {
        let head = head(&headers(&[
            ("tenant", b"acme"),
            ("accept", b"a"),
            ("accept", b"b"),
            ("cookie", b"a=1"),
            ("cookie", b"b=2"),
            ("aw-principal", b"root"),
            ("AW_principal", b"root"),
            ("x-blob", b"\xff"),
        ]));
        let all: Vec<_> = head.headers.iter().collect();
        assert_eq!(all, [("accept", "a, b"), ("cookie", "a=1; b=2"), ("tenant", "acme")]);
    }

    #[test]
    fn a_fit_request_id_becomes_the_correlation_id() {
        let id = |value: &str| head(&headers(&[("x-request-id", value.as_bytes())])).correlation_id;
        assert_eq!(id("abc-1").as_deref(), Some("abc-1"));
        for unfit in ["", "a b", "a\tb", "{}", &"x".repeat(65)] {
            assert_eq!(id(unfit), None, "{unfit:?}");
        }
        let other = head(&headers(&[("x-correlation-id", b"c-1")]));
        assert_eq!(other.correlation_id.as_deref(), Some("c-1"));
    }

    #[test]
    fn a_trace_goes_on() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let head = head(&headers(&[("traceparent", parent.as_bytes()), ("tracestate", b"a=b")]));
        let trace = head.trace.expect("a trace");
        assert_eq!((trace.parent(), trace.state()), (parent, Some("a=b")));
    }
}
