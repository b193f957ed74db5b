//! What a request says beside its body: the message's [`Head`], and what the
//! adapter itself wants to know.

use std::time::{Duration, Instant};

use anywise_core::{Head, Headers, RESERVED_PREFIX, TraceContext, Uuid, link};
use http::HeaderMap;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue};

use crate::media::{Accepted, Sent};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACE_STATE: HeaderName = HeaderName::from_static("tracestate");

/// The headers of a request, read in one pass.
///
/// The message gets all of them, except what only the framework may say
/// (`aw-…`), in any spelling: that makes its head, if the caller is trusted.
#[derive(Default)]
pub(crate) struct Said {
    /// The head of the message.
    pub(crate) head: Head,
    /// The `x-request-id` to answer with.
    pub(crate) request_id: Option<HeaderValue>,
    /// Whether the caller showed who they are.
    pub(crate) authorized: bool,
    /// What media types the caller takes.
    pub(crate) accepted: Accepted,
    /// What media type the body has.
    pub(crate) sent: Sent,
}

impl Said {
    pub(crate) fn read(headers: &HeaderMap, trusted: bool) -> Self {
        let mut said = Self::default();
        let mut names = Headers::with_capacity(headers.keys_len(), 40 * headers.len());
        let (mut parent, mut state, mut last) = (None, None, None);
        // Values of one name come one after the other.
        for (name, value) in headers {
            // What is not text cannot be carried on as text.
            let Ok(text) = std::str::from_utf8(value.as_bytes()) else { continue };
            if is_reserved(name.as_str()) {
                said.framework(name.as_str(), text, trusted);
                continue;
            }
            if *name == ACCEPT {
                said.accepted.add(text);
            } else if *name == CONTENT_TYPE {
                said.sent.add(text);
            } else if *name == AUTHORIZATION {
                said.authorized = true;
            } else if *name == TRACE_PARENT {
                parent = Some(text);
            } else if *name == TRACE_STATE {
                state = Some(text);
            } else if *name == CORRELATION_ID && trusted {
                said.head.correlation_id = Some(text.to_owned());
            } else if *name == REQUEST_ID && is_fit(text) {
                said.request_id = Some(value.clone());
                if !trusted || said.head.correlation_id.is_none() {
                    said.head.correlation_id = Some(text.to_owned());
                }
            } else if *name == CORRELATION_ID && is_fit(text) && said.request_id.is_none() {
                said.head.correlation_id = Some(text.to_owned());
            }
            if last == Some(name) {
                let between = if *name == COOKIE { "; " } else { ", " };
                let all = [names.get(name.as_str()).unwrap_or_default(), text].join(between);
                names.insert(name, all);
            } else {
                names.insert(name, text);
            }
            last = Some(name);
        }
        said.head.trace = parent.and_then(|parent| TraceContext::parse(parent, state));
        said.head.headers = names;
        said
    }

    /// Takes in what only the framework says; of a stranger, how long it waits.
    /// What cannot be read says nothing.
    fn framework(&mut self, name: &str, text: &str, trusted: bool) {
        match name {
            link::DEADLINE_MS => {
                let left = text.parse().ok().map(Duration::from_millis);
                self.head.deadline = left.and_then(|left| Instant::now().checked_add(left));
            }
            link::MESSAGE_ID if trusted => self.head.id = Uuid::try_parse(text).ok(),
            link::CAUSATION_ID if trusted => self.head.causation_id = Uuid::try_parse(text).ok(),
            link::PRINCIPAL if trusted => self.head.principal = serde_json::from_str(text).ok(),
            _ => {}
        }
    }

    /// What to look for in traces and logs.
    pub(crate) fn trace_id(&self) -> Option<String> {
        let trace = self.head.trace.as_ref().and_then(|trace| trace.parent().split('-').nth(1));
        trace.or(self.head.correlation_id.as_deref()).map(str::to_owned)
    }
}

/// Whether an id of the caller's can be repeated anywhere.
fn is_fit(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a header looks like the framework's own, `_` for `-` included.
fn is_reserved(name: &str) -> bool {
    name.len() >= RESERVED_PREFIX.len()
        && name
            .bytes()
            .zip(RESERVED_PREFIX.bytes())
            .all(|(sent, own)| sent == own || own == b'-' && sent == b'_')
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
        let said = Said::read(
            &headers(&[
                ("tenant", b"acme"),
                ("accept", b"a"),
                ("accept", b"b"),
                ("cookie", b"a=1"),
                ("cookie", b"b=2"),
                ("aw-principal", b"root"),
                ("AW_principal", b"root"),
                ("x-blob", b"\xff"),
            ]),
            false,
        );
        let all: Vec<_> = said.head.headers.iter().collect();
        assert_eq!(all, [("tenant", "acme"), ("accept", "a, b"), ("cookie", "a=1; b=2")]);
    }

    #[test]
    fn a_fit_request_id_becomes_the_correlation_id() {
        let id = |value: &str| {
            Said::read(&headers(&[("x-request-id", value.as_bytes())]), false).head.correlation_id
        };
        assert_eq!(id("abc-1").as_deref(), Some("abc-1"));
        for unfit in ["", "a b", "a\tb", "{}", &"x".repeat(65)] {
            assert_eq!(id(unfit), None, "{unfit:?}");
        }
        let other = Said::read(&headers(&[("x-correlation-id", b"c-1")]), false);
        assert_eq!(other.head.correlation_id.as_deref(), Some("c-1"));
    }

    #[test]
    fn a_trace_goes_on() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let said = Said::read(&headers(&[("traceparent", parent.as_bytes()), ("tracestate", b"a=b")]), false);
        assert_eq!(said.trace_id().as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        let trace = said.head.trace.expect("a trace");
        assert_eq!((trace.parent(), trace.state()), (parent, Some("a=b")));
    }

    #[test]
    fn what_the_framework_says_is_believed_of_whom_is_trusted() {
        let id = "0192f0c1-2345-7abc-8def-0123456789ab";
        let all = headers(&[
            ("aw-message-id", id.as_bytes()),
            ("aw-causation-id", id.as_bytes()),
            ("aw-principal", br#"{"id":"ann","scopes":["a b"]}"#),
            ("aw-deadline-ms", b"1000"),
            ("x-correlation-id", b"of { any form }"),
            ("aw-else", b"x"),
        ]);
        let head = Said::read(&all, true).head;
        assert_eq!((head.id, head.causation_id), (Uuid::try_parse(id).ok(), Uuid::try_parse(id).ok()));
        assert_eq!(head.correlation_id.as_deref(), Some("of { any form }"));
        let principal = head.principal.expect("a principal");
        assert!(principal.id() == "ann" && principal.has_scope("a b"));
        assert!(head.headers.iter().all(|(name, _)| name == "x-correlation-id"));
        let head = Said::read(&all, false).head;
        assert!(head.deadline.is_some_and(|at| at > Instant::now()));
        assert!(head.id.is_none() && head.causation_id.is_none() && head.principal.is_none());
        assert_eq!(head.correlation_id, None);
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        let all = headers(&[
            ("aw-message-id", b"7"),
            ("aw-causation-id", b""),
            ("aw-principal", b"root"),
            ("aw-deadline-ms", b"-1"),
        ]);
        let head = Said::read(&all, true).head;
        assert!(head.id.is_none() && head.causation_id.is_none());
        assert!(head.principal.is_none() && head.deadline.is_none());
    }
}
