//! Entries of a stream: from a frame to fields, and from the server's answer
//! back to a frame.
//!
//! The fields are the attributes of the CloudEvent (`ce-…`), the media type
//! (`content-type`), the user's headers, and at the end the body. A header that
//! is called as the body's field is told from it by not being the last one.

use std::fmt;
use std::str::FromStr;

use anywise_core::{Binding, Frame};
use bytes::Bytes;
use redis::{Cmd, Value};

use crate::config::BODY;

/// How attributes are called among the fields.
pub(crate) const BINDING: Binding = Binding::new("ce-");

/// Id of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u64, pub(crate) u64);

impl Id {
    /// Before every entry.
    pub(crate) const START: Self = Self(0, 0);
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl FromStr for Id {
    type Err = Unexpected;

    fn from_str(text: &str) -> Result<Self, Unexpected> {
        let (time, number) = text.split_once('-').ok_or(Unexpected)?;
        Ok(Self(time.parse().map_err(|_| Unexpected)?, number.parse().map_err(|_| Unexpected)?))
    }
}

/// The server answered something else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unexpected;

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it answered what was not expected")
    }
}

/// One entry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    /// Names and values in turn.
    fields: Vec<Value>,
}

/// The command that adds a frame to a stream.
pub(crate) fn add(stream: &str, frame: &Frame) -> Cmd {
    let mut command = Cmd::with_capacity(24, 640 + frame.body.len());
    command.arg("XADD").arg(stream).arg("*");
    for (name, value) in frame.pairs(BINDING) {
        command.arg(&*name).arg(&*value);
    }
    command.arg(BODY).arg(&*frame.body);
    command
}

impl Entry {
    /// The frame in it, with the body in the last field of this name.
    pub(crate) fn into_frame(self, body: &str) -> Frame {
        let mut pairs = Vec::with_capacity(self.fields.len() / 2);
        let mut fields = self.fields.into_iter();
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            pairs.push((bytes(name), bytes(value)));
        }
        let at = pairs.iter().rposition(|(name, _)| name == body.as_bytes());
        let body = at.map(|at| pairs.remove(at).1).unwrap_or_default();
        let pairs =
            pairs.iter().map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        Frame::read(BINDING, pairs, Bytes::from(body))
    }
}

/// The bytes of a string.
fn bytes(value: Value) -> Vec<u8> {
    match value {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.into_bytes(),
        _ => Vec::new(),
    }
}

/// The text of a string.
pub(crate) fn text(value: Value) -> String {
    String::from_utf8_lossy(&bytes(value)).into_owned()
}

/// A number, as an integer or in words.
pub(crate) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

/// What is in an array.
pub(crate) fn array(value: Value) -> Result<Vec<Value>, Unexpected> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Nil => Ok(Vec::new()),
        _ => Err(Unexpected),
    }
}

/// The id in a string.
pub(crate) fn id(value: &Value) -> Result<Id, Unexpected> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).map_err(|_| Unexpected)?.parse(),
        _ => Err(Unexpected),
    }
}

/// The entries in an answer; those that were deleted meanwhile are left out.
pub(crate) fn entries(value: Value) -> Result<Vec<Entry>, Unexpected> {
    let mut entries = Vec::new();
    for entry in array(value)? {
        let mut parts = array(entry)?.into_iter();
        let (Some(at), Some(fields)) = (parts.next(), parts.next()) else { continue };
        if let Value::Array(fields) = fields {
            entries.push(Entry { id: id(&at)?, fields });
        }
    }
    Ok(entries)
}

/// The entries of each stream in an answer to `XREADGROUP`.
pub(crate) fn streams(value: Value) -> Result<Vec<(String, Vec<Entry>)>, Unexpected> {
    let mut streams = Vec::new();
    for stream in array(value)? {
        let mut parts = array(stream)?.into_iter();
        let (Some(key), Some(of)) = (parts.next(), parts.next()) else { return Err(Unexpected) };
        streams.push((text(key), entries(of)?));
    }
    Ok(streams)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command's arguments as the server gives an entry back.
    fn given_back(command: &Cmd) -> Value {
        let text = |text: &[u8]| Value::BulkString(text.to_vec());
        let fields = command.args_iter().skip(3).map(|arg| match arg {
            redis::Arg::Simple(bytes) => text(bytes),
            _ => panic!("no cursor"),
        });
        Value::Array(vec![Value::Array(vec![text(b"17-2"), Value::Array(fields.collect())])])
    }

    fn again(frame: &Frame) -> Frame {
        let mut entries = entries(given_back(&add("s", frame))).unwrap();
        let entry = entries.remove(0);
        assert_eq!(entry.id, Id(17, 2));
        entry.into_frame(BODY)
    }

    #[test]
    fn a_frame_comes_back_as_it_went() {
        let mut frame = Frame::plain(Some("application/json".into()), vec![0, 255, 10]);
        frame.attributes.insert("type", "order.OrderPaid");
        frame.headers.insert("tenant", "Zürich 7");
        assert_eq!(again(&frame), frame);
    }

    #[test]
    fn a_header_that_is_called_as_the_body_is_no_body() {
        let mut frame = Frame::plain(None, "body");
        frame.headers.insert(BODY, "header");
        assert_eq!(again(&frame), frame);
    }

    #[test]
    fn a_foreign_entry_has_its_body_in_the_field_that_was_said() {
        let value = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let entry =
            |fields: &[&str]| Entry { id: Id(1, 1), fields: fields.iter().map(|f| value(f)).collect() };
        let frame = entry(&["payload", "{}", "tenant", "a"]).into_frame("payload");
        assert_eq!((&frame.body[..], frame.headers.get("tenant")), (&b"{}"[..], Some("a")));
        assert!(frame.attributes.is_empty());
        assert!(entry(&["other", "{}"]).into_frame("payload").body.is_empty());
        assert!(entry(&["odd"]).into_frame("payload").body.is_empty());
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        for id in [Id::START, Id(1_764_351_693_123, 7), Id(u64::MAX, u64::MAX)] {
            assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        }
        for text in ["", "1", "1-", "-1", "a-b", "1-2-3", "1--2"] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
    }

    #[test]
    fn answers_of_another_form_are_no_entries() {
        for value in [Value::Okay, Value::Array(vec![Value::Int(1)])] {
            assert!(streams(value.clone()).is_err(), "{value:?}");
            assert!(entries(value).is_err());
        }
        assert!(streams(Value::Nil).unwrap().is_empty());
        let deleted = Value::Array(vec![Value::Nil]);
        assert!(entries(deleted).unwrap().is_empty());
    }
}
