//! Which media types a request sends and takes.

use http::header::{HeaderName, HeaderValue};

use crate::problem::{Problem, short};

/// The media type of a body, from the `Content-Type` lines.
#[derive(Debug, Default)]
pub(crate) enum Sent {
    #[default]
    Nothing,
    Json,
    Other(String),
}

impl Sent {
    /// Takes in one line.
    pub(crate) fn add(&mut self, text: &str) {
        *self = match self {
            Self::Nothing if is_json(text) => Self::Json,
            Self::Nothing => Self::Other(short(text).into_owned()),
            Self::Json | Self::Other(_) => Self::Other("two media types".to_owned()),
        };
    }

    /// Checks that it is JSON.
    ///
    /// # Errors
    /// 415 `AW1020`.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let found = match self {
            Self::Json => return Ok(()),
            Self::Nothing => "no `Content-Type`".to_owned(),
            Self::Other(text) => format!("`{text}`"),
        };
        let detail = format!("the body must be `application/json` (or `application/*+json`), found {found}");
        let accepts = (HeaderName::from_static("accept-post"), HeaderValue::from_static("application/json"));
        Err(Problem::new(415, "AW1020").detail(detail).header(accepts.0, accepts.1))
    }
}

fn is_json(text: &str) -> bool {
    if text == "application/json" {
        return true;
    }
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json =
        essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json");
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    json && utf8
}

/// What a caller takes, from the `Accept` lines.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    /// How specific the range is that decides, and whether JSON is wanted.
    best: Option<(u8, bool)>,
}

impl Accepted {
    /// Takes in one line.
    pub(crate) fn add(&mut self, text: &str) {
        let best = match text {
            "*/*" => Some((1, true)),
            _ => text.split(',').filter_map(range).max_by_key(|(specific, _)| *specific),
        };
        // The most specific range decides, and none that fits means no.
        self.best = self.best.max(best).or(Some((0, false)));
    }

    /// Checks that JSON is taken.
    ///
    /// # Errors
    /// 406 `AW1021`.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        match self.best {
            Some((_, false)) => {
                Err(Problem::new(406, "AW1021")
                    .detail("replies are `application/json`; `Accept` rules it out"))
            }
            None | Some((_, true)) => Ok(()),
        }
    }
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
    let quality =
        parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    let wanted = quality.is_none_or(|(_, value)| value.parse().is_ok_and(|value: f32| value > 0.0));
    Some((specific, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_its_spellings() {
        let check = |text: &str, json| assert_eq!(is_json(text), json, "{text}");
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
        let check = |text: &str, status: Option<u16>| {
            let mut accepted = Accepted::default();
            text.split('|').for_each(|line| accepted.add(line));
            let refused = accepted.check().err().map(|problem| problem.status().as_u16());
            assert_eq!(refused, status, "{text}");
        };
        check("*/*", None);
        check("text/html, application/*;q=0.1", None);
        check("text/html, APPLICATION/JSON", None);
        check("*/*, application/json;q=0", Some(406));
        check("text/html", Some(406));
        check("", Some(406));
        check("text/html|application/json", None);
        check("application/json;q=0|*/*", Some(406));
    }
}
