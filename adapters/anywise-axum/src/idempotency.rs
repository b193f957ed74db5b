//! The caller's name for a request, which it may send again under the same.
//!
//! What is done with it is core's.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key, in characters.
const LONGEST: usize = 128;

/// The key, if there is one.
///
/// # Errors
/// 400 `AW1041`: it is none, or there are two.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => read(value).map(Some),
        (Some(_), Some(_)) => Err(refused("is there twice")),
    }
}

fn read(value: &HeaderValue) -> Result<String, Problem> {
    // `to_str` lets tabs through beside what can be printed.
    match value.to_str() {
        Ok("") => Err(refused("is empty")),
        Ok(text) if text.len() > LONGEST => Err(refused("is longer than 128 characters")),
        Ok(text) if !text.contains('\t') => Ok(text.to_owned()),
        _ => Err(refused("has characters other than printable ASCII")),
    }
}

fn refused(what: &'static str) -> Problem {
    Problem::new(400, "AW1041").detail(format!("the header `Idempotency-Key` {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&[u8]], expected: Result<Option<&str>, &str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).expect("a value"));
        }
        match (key(&headers), expected) {
            (Ok(key), Ok(expected)) => assert_eq!(key.as_deref(), expected),
            (Err(problem), Err(what)) => {
                let document = String::from_utf8(problem.document()).expect("text");
                assert!(document.contains("AW1041") && document.contains(what), "{document}");
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_key_is_printable_ascii_of_at_most_128_characters() {
        check(&[], Ok(None));
        check(&[b"8e03978e-40d5-43dd-bc93-6894a57f9324"], Ok(Some("8e03978e-40d5-43dd-bc93-6894a57f9324")));
        check(&[b"\"quoted, with a space\""], Ok(Some("\"quoted, with a space\"")));
        check(&[&[b'k'; LONGEST]], Ok(Some(&"k".repeat(LONGEST))));
        check(&[&[b'k'; LONGEST + 1]], Err("longer than 128"));
        check(&[b""], Err("`Idempotency-Key` is empty"));
        check(&[b"a\tb"], Err("printable"));
        check(&["schlüssel".as_bytes()], Err("printable"));
        check(&[b"\xff"], Err("printable"));
        check(&[b"a", b"a"], Err("twice"));
    }
}
