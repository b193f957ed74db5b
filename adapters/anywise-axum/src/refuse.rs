//! From the application's error to the caller's problem document.

use std::borrow::Cow;

use anywise_core::{Error, FieldFault, Kind, WireError};
use http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::fields::{Field, Place};
use crate::problem::{FieldProblem, More, Problem};

/// What a caller is told about `error`.
///
/// `fields` are those that came as parameters; with no `body`, all did.
pub(crate) fn problem(error: &Error, fields: &[Field], body: bool) -> Problem {
    let (mut status, mut code) = (error.status(), Cow::Owned(error.code().to_owned()));
    let mut errors = Vec::with_capacity(error.fields().len());
    for fault in error.fields() {
        let field = field_of(fault, fields);
        if field.is_some() && matches!(error.code(), "AW1013" | "AW1014" | "AW1015") {
            (status, code) = (400, Cow::Borrowed("AW1024"));
        }
        errors.push(translate(fault, field, body));
    }
    let WireError { retry_after_ms, fault, .. } = WireError::from(error);
    let kind = (status == error.status() && Kind::of_status(status) != error.kind()).then(|| error.kind());
    let more = More { kind, retry_after_ms, fault };
    let mut problem = Problem::new(status, code).more(more).detail(match error.detail() {
        Some(detail) => Cow::Owned(detail.to_owned()),
        None => Cow::Borrowed(error.kind().in_general()),
    });
    for one in errors {
        problem = problem.field(one);
    }
    if matches!(status, 429 | 503) {
        // Whole seconds, rounded up: sooner would be refused again.
        let after = error.retry_after().map_or(1, |after| after.as_millis().div_ceil(1000).max(1));
        let after = u64::try_from(after).unwrap_or(u64::MAX);
        problem = problem.header(RETRY_AFTER, HeaderValue::from(after));
    }
    if status == 401 {
        problem = problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    problem
}

/// The parameter a fault is about.
fn field_of<'f>(fault: &FieldFault, fields: &'f [Field]) -> Option<&'f Field> {
    let name = first(&fault.pointer)?.0;
    fields.iter().find(|field| *field.name == *name)
}

/// The first name in a JSON pointer, and the rest of it.
fn first(pointer: &str) -> Option<(String, &str)> {
    let path = pointer.strip_prefix('/')?;
    let (name, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    Some((name.replace("~1", "/").replace("~0", "~"), rest))
}

fn translate(fault: &FieldFault, field: Option<&Field>, body: bool) -> FieldProblem {
    let pointer = match (field, first(&fault.pointer)) {
        (Some(field), Some((_, rest))) => field.pointer() + rest,
        (None, Some((name, rest))) if !body => {
            let missing = Field { place: Place::Query, name: name.into(), value: serde_json::Value::Null };
            missing.pointer() + rest
        }
        _ => fault.pointer.clone(),
    };
    FieldProblem {
        pointer,
        detail: fault.detail.clone(),
        expected: fault.expected.clone(),
        found: fault.found.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn id() -> Field {
        Field { place: Place::Path, name: "a/b".into(), value: 7.into() }
    }

    fn text(problem: &Problem) -> String {
        String::from_utf8(problem.document()).expect("text")
    }

    #[test]
    fn what_is_for_the_log_is_not_told() {
        let told = problem(&Error::internal("password=1234"), &[], true);
        assert_eq!(told.status(), 500);
        assert!(text(&told).contains("AW1500") && !text(&told).contains("1234"), "{told:?}");
    }

    #[test]
    fn a_fault_in_a_parameter_is_said_of_the_parameter() {
        let error =
            Error::new(Kind::Unprocessable, "AW1013", "no").with_field(FieldFault::new("/a~1b/0", "no"));
        let told = problem(&error, &[id()], true);
        assert_eq!(told.status(), 400);
        assert!(text(&told).contains("AW1024") && text(&told).contains("path.a/b/0"), "{told:?}");
    }

    #[test]
    fn without_a_body_every_field_is_a_parameter() {
        let error = Error::new(Kind::Unprocessable, "AW1010", "no")
            .with_field(FieldFault::new("/customer", "is required"));
        assert!(text(&problem(&error, &[], false)).contains("query.customer"));
        assert!(text(&problem(&error, &[], true)).contains("\"/customer\""));
    }

    #[test]
    fn callers_learn_when_to_come_back_and_how_to_sign_in() {
        let header = |error: Error, name: &str| {
            use axum::response::IntoResponse;
            let response = problem(&error, &[], true).into_response();
            response.headers().get(name).map(|value| value.to_str().expect("text").to_owned())
        };
        let busy = Error::new(Kind::Unavailable, "x.busy", "busy");
        assert_eq!(header(busy, "retry-after").as_deref(), Some("1"));
        let limited = Error::new(Kind::RateLimited, "x.limited", "slow down")
            .with_retry_after(Duration::from_millis(2_500));
        assert_eq!(header(limited, "retry-after").as_deref(), Some("3"));
        let unknown = Error::new(Kind::Unauthenticated, "AW1101", "who are you");
        assert_eq!(header(unknown, "www-authenticate").as_deref(), Some("Bearer"));
    }
}
