//! Which media types a request sends and takes.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};

use crate::problem::{Problem, short};

/// Checks that the body, if there is one, is JSON.
///
/// # Errors
/// 415 `AW1020`.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let mut sent = headers.get_all(CONTENT_TYPE).iter();
    let (first, second) = (sent.next(), sent.next());
    if first.is_some_and(|value| is_json(value)) && second.is_none() {
        return Ok(());
    }
    let found = match first.map(HeaderValue::to_str) {
        None => "no `Content-Type`".to_owned(),
        Some(text) => format!("`{}`", short(text.unwrap_or("text that is not ASCII"))),
    };
    let detail = format!("the body must be `application/json` (or `application/*+json`), found {found}");
    Err(Problem::new(415, "AW1020").detail(detail).header(
        http::header::HeaderName::from_static("accept-post"),
        HeaderValue::from_static("application/json"),
    ))
}

fn is_json(value: &HeaderValue) -> bool {
    if value == "application/json" {
        return true;
    }
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = essence == "application/json"
        || essence.starts_with("application/") && essence.ends_with("+json");
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    json && utf8
}

/// Checks that the caller takes JSON.
///
/// # Errors
/// 406 `AW1021`.
pub(crate) fn check_accept(headers: &HeaderMap) -> Result<(), Problem> {
    let mut ranges = headers.get_all(ACCEPT).iter().peekable();
    if ranges.peek().is_none() {
        return Ok(());
    }
    // The most specific range decides, and `q=0` means no.
    let best = ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(range)
        .max_by_key(|(specific, _)| *specific);
    if best.is_some_and(|(_, wanted)| wanted) {
        return Ok(());
    }
    Err(Problem::new(406, "AW1021").detail("replies are `application/json`; `Accept` rules it out"))
}

/// How closely a range fits JSON, and whether it is wanted.
fn range(text: &str) -> Option<(u8, bool)> {
    let mut parts = text.split(';').map(str::trim);
    let specific = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/json" => 3,
        "application/*" => 2,
        "*/*" => 1,
        _ => return None,
    };
    let quality = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    let wanted = quality.is_none_or(|(_, value)| value.parse().is_ok_and(|value: f32| value > 0.0));
    Some((specific, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_its_spellings() {
        let check = |text: &'static str, json| assert_eq!(is_json(&HeaderValue::from_static(text)), json, "{text}");
        check("application/json", true);
        check("Application/JSON; charset=UTF-8", true);
        check("application/json;charset=\"utf-8\"", true);
        check("application/cloudevents+json", true);
        check("application/json; charset=latin-1", false);
        check("application/jsonx", false);
        check("text/plain", false);
        check("text/json+json", false);
    }

    #[test]
    fn the_most_specific_range_decides() {
        let check = |text: &'static str, status: Option<u16>| {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(text))]);
            let refused = check_accept(&headers).err().map(|problem| problem.status().as_u16());
            assert_eq!(refused, status, "{text}");
        };
        check("*/*", None);
        check("text/html, application/*;q=0.1", None);
        check("text/html, APPLICATION/JSON", None);
        check("*/*, application/json;q=0", Some(406));
        check("text/html", Some(406));
        check("", Some(406));
    }
}
