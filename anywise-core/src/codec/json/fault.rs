//! What a JSON body's fault is called: from `serde_json`'s words to a stable
//! code, a status, a pointer, what was expected and what was found.
//!
//! serde tells its errors apart only by their text; this is the one place that
//! reads it.

use std::fmt;

use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::error::nearest::hint;

/// Most characters of a sender's value that are repeated to them.
const ECHO: usize = 64;

/// The first thing wrong with a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonFault {
    /// Stable code, `AW1001` to `AW1017`.
    pub code: &'static str,
    /// HTTP status: 400 when the body cannot be read, 422 when it can.
    pub status: u16,
    /// What is wrong, in words; safe to show to the sender.
    pub detail: String,
    /// JSON pointer (RFC 6901) of the value at fault; empty for the whole body.
    pub pointer: Option<String>,
    /// What should be there, in words.
    pub expected: Option<String>,
    /// What is there: at most 64 characters of it.
    pub found: Option<String>,
}

impl JsonFault {
    pub(super) fn new(code: &'static str, status: u16, detail: impl Into<String>) -> Self {
        Self { code, status, detail: detail.into(), pointer: None, expected: None, found: None }
    }

    pub(super) fn at(mut self, pointer: String) -> Self {
        self.pointer = Some(pointer);
        self
    }

    pub(super) fn saw(mut self, expected: Option<&str>, found: Option<&str>) -> Self {
        self.expected = expected.map(str::to_owned);
        self.found = found.map(cut);
        self
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_deref() {
            None | Some("") => write!(f, "{}: {}", self.code, self.detail),
            Some(pointer) => write!(f, "{}: {} at {pointer}", self.code, self.detail),
        }
    }
}

impl std::error::Error for JsonFault {}

/// Appends one reference token, cut to what may be echoed, to a JSON pointer.
pub(super) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for letter in cut(token).chars() {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(letter),
        }
    }
}

pub(super) fn pointer_of(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { variant } => push(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    pointer
}

/// The fault that `error`, met at `pointer` of `text`, stands for.
pub(super) fn of(text: &str, pointer: &str, error: &serde_json::Error) -> JsonFault {
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let words = words.strip_suffix(&place).unwrap_or(&words);
    match error.classify() {
        Category::Data => data(pointer, words),
        Category::Eof => JsonFault::new("AW1002", 400, format!("unexpected end{place}")),
        Category::Syntax | Category::Io => match words {
            "number out of range" => number(pointer, "number out of range"),
            "recursion limit exceeded" => JsonFault::new("AW1016", 400, "nesting too deep"),
            _ if is_not_finite(text, error) => number(pointer, "JSON has no `NaN` and no `Infinity`"),
            _ => JsonFault::new("AW1002", 400, format!("{words}{place}")),
        },
    }
}

fn number(pointer: &str, detail: &str) -> JsonFault {
    let fault = JsonFault::new("AW1014", 400, detail).at(pointer.to_owned());
    fault.saw(Some("a finite number"), None)
}

/// Whether the parser stopped at `NaN`, `Infinity` or `-Infinity`.
fn is_not_finite(text: &str, error: &serde_json::Error) -> bool {
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    // The column is that of the byte refused, counted from 1, sometimes of the one before.
    let around = error.column().saturating_sub(2)..error.column().saturating_add(1);
    around.into_iter().filter_map(|at| line.get(at..)).any(|rest| {
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        rest.starts_with("NaN") || rest.starts_with("Infinity") || rest.starts_with("nan")
    })
}

/// A body that is JSON, but not of the shape asked for.
fn data(pointer: &str, words: &str) -> JsonFault {
    if let Some(name) = quoted(words, "missing field ") {
        return JsonFault::new("AW1010", 422, format!("field `{name}` is required"))
            .at(member(pointer, name))
            .saw(Some("a value"), Some("nothing"));
    }
    if let Some(name) = quoted(words, "unknown field ") {
        return unknown(pointer, name, words);
    }
    if let Some(name) = quoted(words, "duplicate field ") {
        return JsonFault::new("AW1012", 400, format!("field `{}` is given twice", cut(name)))
            .at(member(pointer, name));
    }
    if let Some(name) = quoted(words, "unknown variant ") {
        let expected = words.split_once(", expected ").map(|(_, expected)| expected);
        return JsonFault::new("AW1013", 422, format!("`{}` is not one of the choices", cut(name)))
            .at(pointer.to_owned())
            .saw(expected, Some(name));
    }
    let mismatch = ["invalid type: ", "invalid value: ", "invalid "]
        .iter()
        .find_map(|start| words.strip_prefix(start))
        .and_then(|rest| rest.split_once(", expected "));
    let Some((found, expected)) = mismatch else {
        return JsonFault::new("AW1013", 422, shorten(words, 120)).at(pointer.to_owned());
    };
    let (found, wanted) = (found_in_words(found), expected_in_words(expected));
    let array = found == "an array" && wanted.starts_with("an object");
    let detail = format!("expected {wanted}, found {}", cut(&found));
    JsonFault::new(if array { "AW1015" } else { "AW1013" }, 422, detail)
        .at(pointer.to_owned())
        .saw(Some(&wanted), Some(&found))
}

fn unknown(pointer: &str, name: &str, words: &str) -> JsonFault {
    let known = words.split_once(", expected ").map_or("", |(_, known)| known);
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let hint = hint(name, known.iter().copied());
    let detail = format!("there is no field `{}`{hint}", cut(name));
    let expected = if known.is_empty() {
        "no fields".to_owned()
    } else {
        shorten(&format!("one of `{}`", known.join("`, `")), 400)
    };
    // The path may or may not end in the unknown name already.
    let own = member("", name);
    let parent = pointer.strip_suffix(&own).unwrap_or(pointer);
    JsonFault::new("AW1011", 422, detail).at(member(parent, name)).saw(Some(&expected), None)
}

/// The text between backticks after `start`.
fn quoted<'a>(words: &'a str, start: &str) -> Option<&'a str> {
    let rest = words.strip_prefix(start)?.strip_prefix('`')?;
    // A name may hold backticks itself: serde's own text goes on in one of two ways.
    let end = rest.find("`, ").or_else(|| rest.rfind('`'))?;
    Some(&rest[..end])
}

fn member(pointer: &str, name: &str) -> String {
    let mut pointer = pointer.to_owned();
    push(&mut pointer, name);
    pointer
}

fn found_in_words(found: &str) -> String {
    match found {
        "sequence" => "an array".to_owned(),
        "map" => "an object".to_owned(),
        "null" | "unit value" | "Option value" => "null".to_owned(),
        _ => found.strip_prefix("floating point ").unwrap_or(found).to_owned(),
    }
}

fn expected_in_words(expected: &str) -> String {
    let range = |low: &dyn fmt::Display, high: &dyn fmt::Display| format!("an integer from {low} to {high}");
    match expected {
        "u8" => range(&u8::MIN, &u8::MAX),
        "u16" => range(&u16::MIN, &u16::MAX),
        "u32" => range(&u32::MIN, &u32::MAX),
        "u64" | "usize" => range(&u64::MIN, &u64::MAX),
        "u128" => range(&u128::MIN, &u128::MAX),
        "i8" => range(&i8::MIN, &i8::MAX),
        "i16" => range(&i16::MIN, &i16::MAX),
        "i32" => range(&i32::MIN, &i32::MAX),
        "i64" | "isize" => range(&i64::MIN, &i64::MAX),
        "i128" => range(&i128::MIN, &i128::MAX),
        "f32" | "f64" => "a number".to_owned(),
        "a borrowed string" | "string or map" => "a string".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        "unit" => "null".to_owned(),
        _ => match expected.split_once(' ') {
            Some(("struct", name)) => format!("an object (`{name}`)"),
            Some(("unit", name)) => format!("null (`{}`)", name.trim_start_matches("struct ")),
            _ => shorten(expected, 200),
        },
    }
}

fn cut(value: &str) -> String {
    shorten(value, ECHO)
}

/// `text`, or its first `most - 1` characters and an ellipsis.
fn shorten(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
