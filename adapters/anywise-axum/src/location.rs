//! The `Location` of what a request made, from a template and the reply.

use std::borrow::Cow;

use http::HeaderValue;

use crate::query::encode_segment;

/// A template such as `/orders/{order_id}`.
#[derive(Clone, Debug)]
pub(crate) struct Location(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Field(String),
}

impl Location {
    pub(crate) fn new(template: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            parts.push(Part::Text(text.to_owned()));
            parts.push(Part::Field(name.to_owned()));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Self(parts)
    }

    /// The location, if the reply has what the template names. A reply that is
    /// one value stands for any name.
    pub(crate) fn fill(&self, reply: &[u8]) -> Option<HeaderValue> {
        let reply = std::str::from_utf8(reply).ok()?;
        let whole = !reply.starts_with(['{', '[']);
        let mut location = String::with_capacity(64);
        for part in &self.0 {
            match part {
                Part::Text(text) => location.push_str(text),
                Part::Field(_) if whole => push(reply, &mut location)?,
                Part::Field(name) => push(member(reply, name)?, &mut location)?,
            }
        }
        HeaderValue::try_from(location).ok()
    }
}

/// The value of a member of a JSON object, as it is written.
///
/// The object is one that `serde_json` wrote: well formed and without spaces,
/// so a walk over its brackets and strings finds everything.
fn member<'j>(object: &'j str, name: &str) -> Option<&'j str> {
    let bytes = object.as_bytes();
    let mut at = 1;
    while bytes.get(at) == Some(&b'"') {
        let key_end = string_end(bytes, at)?;
        let value_end = value_end(bytes, key_end + 1)?;
        let key = object.get(at + 1..key_end - 1)?;
        if key == name {
            return object.get(key_end + 1..value_end);
        }
        at = value_end + 1;
    }
    None
}

/// The index behind the string that starts at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    loop {
        match bytes.get(end)? {
            b'"' => return Some(end + 1),
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
}

/// The index behind the value that starts at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut end, mut depth) = (at, 0_usize);
    loop {
        match bytes.get(end)? {
            b'"' => {
                end = string_end(bytes, end)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some(end),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        end += 1;
    }
}

/// Appends one JSON value as a path segment.
fn push(value: &str, location: &mut String) -> Option<()> {
    let text: Cow<'_, str> = match value.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(value).ok()?.into(),
        b'{' | b'[' | b'n' => return None,
        _ => value.into(),
    };
    encode_segment(&text, location);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_from_the_reply() {
        let check = |template, reply: &str, location: Option<&str>| {
            let filled = Location::new(template).fill(reply.as_bytes());
            assert_eq!(filled.as_ref().map(|value| value.to_str().expect("text")), location);
        };
        check("/orders/{id}", r#"{"id":"a/b","x":{"id":1}}"#, Some("/orders/a%2Fb"));
        check("/o/{id}/l/{n}", r#"{"n":2,"id":"7"}"#, Some("/o/7/l/2"));
        check("/o/{b}", r#"{"a":["}",{"b":1}],"c":"\"b","b":true}"#, Some("/o/true"));
        check("/orders/{id}", r#""o-1""#, Some("/orders/o-1"));
        check("/fixed", "null", Some("/fixed"));
        check("/orders/{id}", r#"{"other":1}"#, None);
        check("/orders/{id}", r#"{"id":null}"#, None);
        check("/orders/{id}", "null", None);
    }
}
