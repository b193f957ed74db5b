//! From a response to a reply.

use anywise_core::{Error, Kind, Result};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::response::Parts;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;

use crate::problem::{self, no_reply};

/// The reply in a response of `from`.
///
/// # Errors
/// The handler's; `AW2102` to `AW2104`.
pub(crate) async fn read(from: &str, response: Response<Incoming>, size: usize) -> Result<Bytes> {
    let (Parts { status, headers, .. }, body) = response.into_parts();
    let body = match Limited::new(body, size).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large(from, size)),
        Err(error) => return Err(broken_off(from, error)),
    };
    reply(from, status, &headers, body)
}

fn reply(from: &str, status: StatusCode, headers: &HeaderMap, body: Bytes) -> Result<Bytes> {
    if !status.is_success() {
        return Err(problem::error(from, status, headers, &body));
    }
    if body.is_empty() {
        return Ok(Bytes::from_static(b"null"));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !is_json(kind) {
        return Err(no_reply(format!("`{from}` answered {status} with `{kind}`, which is no JSON")));
    }
    Ok(body)
}

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
}

fn too_large(from: &str, size: usize) -> Error {
    let message = format!("what `{from}` answered is larger than {size} bytes");
    Error::new(Kind::Internal, "AW2104", message)
}

/// `AW2102`: what became of the request is not known.
pub(crate) fn broken_off(from: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let error = error.into();
    let message = format!("the connection to `{from}` broke before there was a whole answer: {error}");
    Error::new(Kind::Unavailable, "AW2102", message)
        .with_detail("it is not known whether this was done; ask again with the same Idempotency-Key")
        .with_source(error)
}
