//! What a message says beside its body, as the text of a JSON object.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anywise_core::{Binding, Error, Foreign, Frame, Result};
use bytes::Bytes;

/// How attributes are called among the headers.
const BINDING: Binding = Binding::new("ce-");

/// The text of a frame's attributes and headers.
pub(super) fn write(frame: &Frame) -> Result<String> {
    let mut text = Vec::with_capacity(512);
    for (at, (name, value)) in frame.pairs(BINDING).enumerate() {
        text.push(if at == 0 { b'{' } else { b',' });
        let written = serde_json::to_writer(&mut text, &name).and_then(|()| {
            text.push(b':');
            serde_json::to_writer(&mut text, &value)
        });
        written.map_err(|error| Error::internal(format!("headers as text: {error}")))?;
    }
    text.extend_from_slice(if text.is_empty() { b"{}" } else { b"}" });
    String::from_utf8(text).map_err(|error| Error::internal(format!("headers as text: {error}")))
}

/// The frame of a text and a body, and what it is if it does not say so: `name`,
/// known by `id`.
pub(super) fn read(
    text: &str,
    body: impl Into<Bytes>,
    (name, id, key): (String, impl FnOnce() -> String, Option<String>),
) -> (Frame, Option<Foreign>) {
    let Ok(pairs) = serde_json::from_str::<BTreeMap<Cow<'_, str>, Cow<'_, str>>>(text) else {
        // Nobody can read it, and it is told so where the others are told.
        return (Frame::plain(None, body), None);
    };
    let frame = Frame::read(BINDING, pairs, body);
    let foreign = frame.attributes.is_empty().then(|| Foreign::new(name, id()).key(key));
    (frame, foreign)
}

/// Text as Postgres keeps it: it knows no NUL. What was there stands in the head.
pub(super) fn plain(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut frame = Frame::plain(Some("application/json".into()), "{}");
        frame.attributes.insert("type", "a.B");
        frame.headers.insert("text", "\"q\" \0 \r\n é");
        let text = write(&frame).unwrap();
        assert!(!text.contains('\0'), "{text}");
        assert_eq!(read(&text, "{}", (String::new(), String::new, None)), (frame, None));
        assert_eq!(write(&Frame::plain(None, "")).unwrap(), "{}");
    }

    #[test]
    fn what_says_nothing_is_what_it_was_published_as() {
        let (frame, foreign) = read("{}", "body", ("a.B".into(), || "7".into(), Some("k".into())));
        assert_eq!(frame, Frame::plain(None, "body"));
        let foreign = foreign.unwrap();
        assert_eq!((&*foreign.name, &*foreign.id, foreign.key.as_deref()), ("a.B", "7", Some("k")));
    }

    #[test]
    fn what_is_no_object_of_texts_is_nothing() {
        let (frame, foreign) = read("[1]", "body", ("a.B".into(), || "7".into(), None));
        assert_eq!((frame, foreign), (Frame::plain(None, "body"), None));
    }
}
