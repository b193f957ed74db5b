//! The `Location` of what a request made, from a template and the reply.

use std::borrow::Cow;
use std::collections::HashMap;

use http::HeaderValue;
use serde_json::value::RawValue;

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
        let fields: HashMap<Cow<'_, str>, &RawValue> =
            serde_json::from_slice(reply).unwrap_or_default();
        let whole = reply.first().is_some_and(|byte| !matches!(byte, b'{' | b'['));
        let mut location = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => location.push_str(text),
                Part::Field(_) if whole => push(std::str::from_utf8(reply).ok()?, &mut location)?,
                Part::Field(name) => push(fields.get(name.as_str())?.get(), &mut location)?,
            }
        }
        HeaderValue::try_from(location).ok()
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
        check("/orders/{id}", r#""o-1""#, Some("/orders/o-1"));
        check("/fixed", "null", Some("/fixed"));
        check("/orders/{id}", r#"{"other":1}"#, None);
        check("/orders/{id}", r#"{"id":null}"#, None);
        check("/orders/{id}", "null", None);
    }
}
