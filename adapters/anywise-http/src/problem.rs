//! From a response that is no success to an error.

use anywise_core::{Error, FieldFault, Kind, WireError, WireFault};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;

/// A problem document of `anywise-axum` (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: Option<String>,
    kind: Option<Kind>,
    retry_after_ms: Option<u64>,
    #[serde(default)]
    errors: Vec<FieldFault>,
    fault: Option<WireFault>,
}

/// The error that a response tells.
pub(crate) fn error(from: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    match problem(headers, body) {
        Some(problem) if is_about_http(&problem.code) => {
            let detail = problem.detail.unwrap_or_default();
            no_reply(format!("`{from}` refused the request as such: {detail} [{}]", problem.code))
        }
        Some(problem) => problem.into_error(status),
        None => unknown(from, status, headers),
    }
}

/// `AW2103`.
pub(crate) fn no_reply(message: String) -> Error {
    Error::new(Kind::Internal, "AW2103", message)
}

fn problem(headers: &HeaderMap, body: &[u8]) -> Option<Problem> {
    let essence = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
    essence.eq_ignore_ascii_case("application/problem+json").then_some(())?;
    serde_json::from_slice(body).ok()
}

/// Whether the server had no message in it: what is wrong is between the two
/// programs, and says nothing to whoever sent the message.
fn is_about_http(code: &str) -> bool {
    matches!(code, "AW1020" | "AW1021" | "AW1022" | "AW1023" | "AW1026" | "AW1027" | "AW1028" | "AW1102")
}

impl Problem {
    fn into_error(self, status: StatusCode) -> Error {
        let status = status.as_u16();
        let kind = self.kind.unwrap_or_else(|| Kind::of_status(status));
        let mut wire = WireError::new(kind, self.code);
        wire.status = (status != kind.status()).then_some(status);
        // The words that stand for those of the log are nobody's detail.
        wire.detail = self.detail.filter(|detail| kind.is_callers_fault() || detail != kind.in_general());
        wire.fields = self.errors.into_iter().map(pointed).collect();
        wire.retry_after_ms = self.retry_after_ms;
        wire.fault = self.fault;
        wire.into()
    }
}

/// The fault of a parameter as one of the message's field.
fn pointed(mut fault: FieldFault) -> FieldFault {
    for place in ["path.", "query."] {
        if let Some(rest) = fault.pointer.strip_prefix(place) {
            fault.pointer = format!("/{rest}");
            break;
        }
    }
    fault
}

/// The error of something that is no server of ours: a proxy, mostly.
fn unknown(from: &str, status: StatusCode, headers: &HeaderMap) -> Error {
    let message = format!("`{from}` answered {status} without saying why");
    let kind = match status.as_u16() {
        502 | 503 => Kind::Unavailable,
        504 => Kind::Timeout,
        429 => Kind::RateLimited,
        _ => return no_reply(message),
    };
    let seconds = headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
    let error = Error::new(kind, "AW2103", message);
    match seconds.map(std::time::Duration::from_secs) {
        Some(after) => error.with_retry_after(after),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, kind: &str, body: &str) -> Error {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.try_into().expect("a value"));
        headers.insert(RETRY_AFTER, "7".try_into().expect("a value"));
        error("shop", StatusCode::from_u16(status).expect("a status"), &headers, body.as_bytes())
    }

    #[track_caller]
    fn check(error: &Error, kind: Kind, status: u16, code: &str) {
        assert_eq!((error.kind(), error.status(), error.code()), (kind, status, code), "{error:?}");
    }

    const PROBLEM: &str = "application/problem+json";

    #[test]
    fn a_problem_is_the_error_it_was() {
        let error =
            read(409, PROBLEM, r#"{"code": "order.closed", "detail": "it is closed", "status": 409}"#);
        check(&error, Kind::Conflict, 409, "order.closed");
        assert_eq!((error.detail(), error.retry_after()), (Some("it is closed"), None));
        let error = read(415, PROBLEM, r#"{"code": "a.b", "detail": "no", "kind": "invalid"}"#);
        check(&error, Kind::Invalid, 415, "a.b");
        let error =
            read(503, "application/problem+json; charset=utf-8", r#"{"code": "a.b", "retry_after_ms": 20}"#);
        check(&error, Kind::Unavailable, 503, "a.b");
        assert_eq!(error.retry_after().map(|after| after.as_millis()), Some(20));
        let error =
            read(422, PROBLEM, r#"{"code": "a.b", "errors": [{"pointer": "path.id/0", "detail": "no"}]}"#);
        assert_eq!(error.fields()[0].pointer, "/id/0");
    }

    #[test]
    fn words_that_stand_for_the_logs_are_not_a_detail() {
        let text = format!(r#"{{"code": "AW1500", "detail": "{}"}}"#, Kind::Internal.in_general());
        assert_eq!(read(500, PROBLEM, &text).detail(), None);
    }

    #[test]
    fn what_is_between_the_programs_is_nothing_to_the_sender() {
        let error = read(404, PROBLEM, r#"{"code": "AW1022", "detail": "there is nothing at `GET /x`"}"#);
        check(&error, Kind::Internal, 500, "AW2103");
        assert!(error.message().contains("there is nothing at `GET /x`") && error.detail().is_none());
    }

    #[test]
    fn what_is_no_problem_document_is_known_by_its_status_alone() {
        let html = "<html>502</html>";
        check(&read(502, "text/html", html), Kind::Unavailable, 503, "AW2103");
        check(&read(504, "text/html", html), Kind::Timeout, 504, "AW2103");
        assert_eq!(read(503, "text/html", html).retry_after().map(|after| after.as_secs()), Some(7));
        for status in [400, 401, 404, 409, 500, 302, 304, 599] {
            check(&read(status, "text/html", html), Kind::Internal, 500, "AW2103");
        }
        for garbage in ["", "{", "null", "[]", r#"{"code": 7}"#, r#"{"detail": "no code"}"#] {
            check(&read(409, PROBLEM, garbage), Kind::Internal, 500, "AW2103");
        }
    }
}
