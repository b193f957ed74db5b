//! The one shape of every error this adapter answers: RFC 9457
//! `application/problem+json`.
//!
//! A [`Problem`] says what the caller may read, never what belongs in the log.

use std::borrow::Cow;

use anywise_core::{Kind, WireFault};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde::Serialize;

use crate::limits::Limits;

/// Where the page of each code is.
const PAGES: &str = "https://github.com/anywise/anywise/blob/main/docs/errors";

/// An error as a caller sees it.
///
/// # Examples
/// ```
/// use anywise_axum::Problem;
/// use axum::response::IntoResponse;
///
/// let response = Problem::new(409, "order.closed").detail("the order is closed").into_response();
/// assert_eq!(response.status(), 409);
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// ```
#[derive(Clone, Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    trace_id: Option<String>,
    errors: Vec<FieldProblem>,
    more: More,
    headers: HeaderMap,
}

/// What a program is told beside what a person is.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct More {
    /// The kind, where the status does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Kind>,
    /// When to try again, to the millisecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    /// The error itself, if it was declared to travel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<WireFault>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer into the body, or `path.name`, `query.name`.
    pub pointer: String,
    /// What is wrong, in words.
    pub detail: String,
    /// What should be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What is there, cut short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: Cow<'a, str>,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
    #[serde(flatten)]
    more: &'a More,
}

impl Problem {
    /// A problem with a stable `code`. A status that is no error is 500.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>) -> Self {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(Box::new(Inner {
            status,
            code: code.into(),
            detail: None,
            trace_id: None,
            errors: Vec::new(),
            more: More::default(),
            headers: HeaderMap::new(),
        }))
    }

    /// Says what happened, in words for the caller.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names the trace to look for.
    #[must_use]
    pub fn trace_id(mut self, id: Option<String>) -> Self {
        self.0.trace_id = id;
        self
    }

    /// Adds what is wrong with one field.
    #[must_use]
    pub fn field(mut self, field: FieldProblem) -> Self {
        self.0.errors.push(field);
        self
    }

    /// Adds what a program is told.
    pub(crate) fn more(mut self, more: More) -> Self {
        self.0.more = more;
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Ends the connection after this response.
    #[must_use]
    pub fn close(self) -> Self {
        self.header(CONNECTION, HeaderValue::from_static("close"))
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn malformed(detail: &'static str) -> Self {
        Self::new(400, "AW1028").detail(detail).close()
    }

    pub(crate) fn body_too_large(limits: &Limits) -> Self {
        let detail = format!("the body is larger than {} bytes", limits.body_size);
        Self::new(413, "AW1018").detail(detail).close()
    }

    pub(crate) fn uri_too_long(limits: &Limits) -> Self {
        let detail = format!("the request target is longer than {} bytes", limits.uri_size);
        Self::new(414, "AW1026").detail(detail).close()
    }

    pub(crate) fn headers_too_large(limits: &Limits) -> Self {
        let (lines, bytes) = (limits.headers, limits.header_size);
        let detail = format!("more than {lines} header lines or {bytes} bytes of them");
        Self::new(431, "AW1027").detail(detail).close()
    }

    pub(crate) fn too_slow(what: &'static str) -> Self {
        Self::new(408, "AW1031").detail(what).close()
    }

    pub(crate) fn overloaded(detail: &'static str) -> Self {
        Self::new(503, "AW1121")
            .detail(detail)
            .more(More { retry_after_ms: Some(1_000), ..More::default() })
            .header(http::header::RETRY_AFTER, HeaderValue::from_static("1"))
            .close()
    }

    pub(crate) fn panicked() -> Self {
        Self::new(500, "AW1500").detail("the handler failed; its log says why")
    }

    pub(crate) fn no_method(method: &Method, path: &str, allow: Option<HeaderValue>) -> Self {
        let allowed = allow.as_ref().and_then(|allow| allow.to_str().ok()).unwrap_or("nothing");
        let detail = format!("`{}` does not take {method}; it takes {allowed}", short(path));
        let allow = allow.unwrap_or_else(|| HeaderValue::from_static(""));
        Self::new(405, "AW1023").detail(detail).header(ALLOW, allow)
    }

    /// The body of the response.
    pub(crate) fn document(&self) -> Vec<u8> {
        let Inner { status, code, detail, trace_id, errors, more, .. } = &*self.0;
        let page = code.starts_with("AW").then(|| Cow::Owned(format!("{PAGES}/{code}.md")));
        let document = Document {
            r#type: page.unwrap_or(Cow::Borrowed("about:blank")),
            title: title(code).or(status.canonical_reason()).unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.as_deref(),
            code,
            trace_id: trace_id.as_deref(),
            errors,
            more,
        };
        serde_json::to_vec(&document).expect("strings and numbers always serialise")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.document()));
        *response.status_mut() = self.0.status;
        *response.headers_mut() = self.0.headers;
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

/// At most 64 characters of something a stranger sent.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(64) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// What a code of ours means, the same in every response.
fn title(code: &str) -> Option<&'static str> {
    Some(match code {
        "AW1001" => "Empty body",
        "AW1002" => "Not JSON",
        "AW1004" => "Not UTF-8",
        "AW1010" => "Missing field",
        "AW1011" => "Unknown field",
        "AW1012" => "Field given twice",
        "AW1013" => "Wrong type or range",
        "AW1014" => "Number out of range",
        "AW1015" => "Array instead of an object",
        "AW1016" => "Nested too deep",
        "AW1017" => "Too many values",
        "AW1018" => "Body too large",
        "AW1020" => "Unsupported media type",
        "AW1021" => "Not acceptable",
        "AW1022" => "Nothing here",
        "AW1023" => "Method not allowed",
        "AW1024" => "Bad parameter",
        "AW1026" => "Request target too long",
        "AW1027" => "Too many or too large headers",
        "AW1028" => "Malformed request",
        "AW1031" => "Request too slow",
        "AW1041" => "Bad idempotency key",
        "AW1102" => "Not trusted",
        "AW1121" => "Too many connections",
        "AW1500" => "Internal error",
        "AW1501" => "Handler timed out",
        _ => return None,
    })
}
