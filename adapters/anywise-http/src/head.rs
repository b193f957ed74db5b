//! What a message says beside its body, as headers.

use std::time::{Duration, Instant};

use anywise_core::{Envelope, Error, Kind, MessageKind, RESERVED_PREFIX, Result, TraceContext, link};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::passage::{Parts, Passage, unfit};

/// What HTTP says itself, hop by hop or about a body, and what is said by other
/// means: not the message's.
const NOT_CARRIED: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-correlation-id",
    "x-request-id",
];

/// What shows the server that we are one of its own.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// Nothing: what only the framework may say is not said.
    Stranger,
    /// Nothing is asked for; all is said.
    Trusted,
    /// A text both know.
    Secret(HeaderValue),
}

/// The headers of a request.
///
/// # Errors
/// `AW2108`: a header of the message cannot be one of HTTP. `AW2105`: its
/// deadline has passed.
pub(crate) fn headers(
    envelope: &Envelope,
    passage: &Passage,
    parts: &Parts,
    standing: &Standing,
) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in envelope.headers.iter().filter(|(name, _)| is_carried(name)) {
        let pair =
            HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        let Some((name, value)) = pair else {
            return Err(unfit(passage.meta, &format!("its header `{name}` cannot be one of HTTP")));
        };
        headers.insert(name, value);
    }
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
    if parts.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if passage.meta.kind() == MessageKind::Command && parts.method != http::Method::GET {
        let key = printable(&envelope.request_key());
        let key = key.ok_or_else(|| unfit(passage.meta, "its idempotency key is not printable ASCII"))?;
        headers.insert("idempotency-key", key);
    }
    if let Some(deadline) = envelope.deadline {
        headers.insert(link::DEADLINE_MS, HeaderValue::from(left(deadline)?));
    }
    surroundings(envelope, &mut headers);
    link(envelope, standing, &mut headers);
    Ok(headers)
}

/// A header of printable ASCII alone.
pub(crate) fn printable(text: &str) -> Option<HeaderValue> {
    let fit = !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    HeaderValue::from_str(text).ok().filter(|_| fit)
}

fn is_carried(name: &str) -> bool {
    !name.starts_with(RESERVED_PREFIX) && !NOT_CARRIED.contains(&name)
}

/// Whole milliseconds until the deadline.
fn left(deadline: Instant) -> Result<u64> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left < Duration::from_millis(1) {
        return Err(Error::new(Kind::Timeout, "AW2105", "the sender had stopped waiting before it was sent"));
    }
    Ok(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
}

/// Correlation and trace; ids that cannot be headers are left out.
fn surroundings(envelope: &Envelope, headers: &mut HeaderMap) {
    let mut set = |name, value: Option<&str>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-correlation-id", envelope.correlation_id.as_deref());
    let trace = envelope.trace.as_ref();
    set("traceparent", trace.map(TraceContext::parent));
    set("tracestate", trace.and_then(TraceContext::state));
}

/// What is believed of processes that are trusted.
fn link(envelope: &Envelope, standing: &Standing, headers: &mut HeaderMap) {
    match standing {
        Standing::Stranger => return,
        Standing::Trusted => {}
        Standing::Secret(secret) => {
            headers.insert(link::SECRET, secret.clone());
        }
    }
    let mut set = |name, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set(link::MESSAGE_ID, Some(envelope.id.to_string()));
    set(link::CAUSATION_ID, envelope.causation_id.map(|id| id.to_string()));
    set(link::PRINCIPAL, envelope.principal.as_ref().and_then(|who| serde_json::to_string(who).ok()));
}
