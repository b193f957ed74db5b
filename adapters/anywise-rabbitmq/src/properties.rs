//! A frame as a message of AMQP, and back (CloudEvents AMQP binding).
//!
//! Attributes are headers that begin with `cloudEvents_`; those that begin with
//! `cloudEvents:` are read too. The media type is the property `content-type`,
//! the id also `message-id`, so that the broker's own tools show it.

use std::borrow::Cow;

use anywise_core::{Binding, Frame, Result};
use bytes::Bytes;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::error::too_large;

const BINDING: Binding = Binding::new("cloudEvents_");
/// What the binding wrote before version 1.0.1, and some still write.
const OLD_PREFIX: &str = "cloudEvents:";
const PREFIX: &str = "cloudEvents_";
/// Headers that the broker writes or obeys.
const BROKERS: [&str; 5] = ["x-delivery-count", "x-acquired-count", "x-death", "cc", "bcc"];
/// The same, by what they begin with; the last are those of our dead letters.
const BROKERS_PREFIXES: [&str; 3] = ["x-first-death-", "x-last-death-", DEAD_PREFIX];
/// What the headers begin with that a dead letter has beside its own.
pub(crate) const DEAD_PREFIX: &str = "aw-dead-";
/// Persistent.
const ON_DISK: u8 = 2;

/// The properties of a persistent message.
///
/// # Errors
/// `AW2006`: a header's name is longer than 255 bytes.
pub(crate) fn write(frame: &Frame) -> Result<BasicProperties> {
    let mut headers = FieldTable::default();
    for (name, value) in frame.pairs(BINDING) {
        if name == "content-type" || is_brokers(&name) {
            continue;
        }
        let name = short(name.into_owned())?;
        headers.insert(name, AMQPValue::LongString(value.into_owned().into()));
    }
    let mut properties = BasicProperties::default().with_delivery_mode(ON_DISK).with_headers(headers);
    if let Some(kind) = &frame.content_type {
        properties = properties.with_content_type(short(kind.clone())?);
    }
    match frame.attribute("id") {
        Some(id) => Ok(properties.with_message_id(short(id.to_owned())?)),
        None => Ok(properties),
    }
}

/// The frame of a message that came in.
pub(crate) fn read(properties: &BasicProperties, body: Bytes) -> Frame {
    let headers = properties.headers().as_ref();
    let headers = headers.into_iter().flat_map(lapin::types::FieldTable::inner);
    let pairs = headers.filter(|(name, _)| !is_brokers(name.as_str())).filter_map(|(name, value)| {
        let name = name.as_str();
        let renamed = name.strip_prefix(OLD_PREFIX).map(|rest| Cow::Owned([PREFIX, rest].concat()));
        Some((renamed.unwrap_or(Cow::Borrowed(name)), text(value)?))
    });
    let mut frame = Frame::read(BINDING, pairs, body);
    if let Some(kind) = properties.content_type() {
        frame.content_type = Some(kind.as_str().to_owned());
    }
    frame
}

/// How often a message had been delivered before.
pub(crate) fn deliveries(properties: &BasicProperties) -> u32 {
    let headers = properties.headers().as_ref();
    let count = headers.and_then(|table| table.inner().get("x-delivery-count"));
    count.and_then(text).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// About how many bytes the properties take on the wire, from above.
pub(crate) fn size(properties: &BasicProperties) -> usize {
    let headers = properties.headers().as_ref();
    let headers = headers.into_iter().flat_map(lapin::types::FieldTable::inner);
    let sizes = headers.map(|(name, value)| {
        let value = value.as_long_string().map_or(64, lapin::types::LongString::len);
        name.as_str().len() + value + 6
    });
    // The fixed part, and a few short strings of 256 bytes at most.
    sizes.sum::<usize>() + 1024
}

/// A string of at most 255 bytes, as names are.
pub(crate) fn short(text: String) -> Result<ShortString> {
    let length = text.len();
    ShortString::try_new(text).map_err(|_| too_large(format_args!("a name of {length} bytes, more than 255")))
}

/// Whether a header is the broker's. A user's would be obeyed or overwritten.
fn is_brokers(name: &str) -> bool {
    let begins =
        |prefix: &&str| name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    BROKERS.iter().any(|known| name.eq_ignore_ascii_case(known)) || BROKERS_PREFIXES.iter().any(begins)
}

/// A header's value as text, if it is a single value.
fn text(value: &AMQPValue) -> Option<Cow<'_, str>> {
    Some(match value {
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()),
        AMQPValue::ShortString(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(number(other)?),
    })
}

/// A header's value as text, if it is a number of some kind.
fn number(value: &AMQPValue) -> Option<String> {
    Some(match value {
        AMQPValue::Boolean(value) => value.to_string(),
        AMQPValue::ShortShortInt(number) => number.to_string(),
        AMQPValue::ShortShortUInt(number) => number.to_string(),
        AMQPValue::ShortInt(number) => number.to_string(),
        AMQPValue::ShortUInt(number) => number.to_string(),
        AMQPValue::LongInt(number) => number.to_string(),
        AMQPValue::LongUInt(number) => number.to_string(),
        AMQPValue::LongLongInt(number) => number.to_string(),
        AMQPValue::Float(number) => number.to_string(),
        AMQPValue::Double(number) => number.to_string(),
        AMQPValue::Timestamp(seconds) => timestamp(*seconds)?,
        _ => return None,
    })
}

/// As attributes have it (RFC 3339).
fn timestamp(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    Some(anywise_core::Timestamp::from_second(seconds).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anywise_core::Envelope;

    #[test]
    fn a_frame_comes_back_as_it_was() {
        let mut envelope = Envelope::json("order.OrderPaid", r#"{"n":1}"#);
        envelope.key = Some("Zürich 7".into());
        envelope.headers.insert("tenant", "acme\r\n");
        let frame = envelope.to_frame("/shop");
        let properties = write(&frame).expect("it can be written");
        assert_eq!(properties.message_id().as_ref().map(ShortString::as_str), frame.attribute("id"));
        let again = read(&properties, frame.body.clone());
        let sorted = |frame: &Frame| {
            let mut pairs: Vec<_> =
                frame.pairs(BINDING).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
            pairs.sort();
            pairs
        };
        assert_eq!((sorted(&again), again.body), (sorted(&frame), frame.body));
    }

    #[test]
    fn headers_that_the_broker_obeys_are_not_written() {
        let mut frame = Envelope::json("a.B", "{}").to_frame("/");
        for name in ["CC", "bcc", "x-death", "x-delivery-count", "x-first-death-queue", "x-tenant"] {
            frame.headers.insert(name, "1");
        }
        let properties = write(&frame).expect("it can be written");
        let table = properties.headers().as_ref().expect("there are some");
        let names: Vec<_> = table.inner().keys().map(ShortString::as_str).collect();
        assert!(names.contains(&"x-tenant"), "{names:?}");
        assert!(names.iter().all(|name| name.starts_with(PREFIX) || *name == "x-tenant"), "{names:?}");
    }

    #[test]
    fn what_others_write_is_read() {
        let mut headers = FieldTable::default();
        headers.insert("cloudEvents:type".into(), AMQPValue::LongString("a.B".into()));
        headers.insert("cloudEvents_sequence".into(), AMQPValue::LongLongInt(7));
        headers.insert("cloudEvents:time".into(), AMQPValue::Timestamp(0));
        headers.insert("tenant".into(), AMQPValue::ShortString("acme".into()));
        headers.insert("x-death".into(), AMQPValue::FieldArray(vec![].into()));
        headers.insert("x-delivery-count".into(), AMQPValue::LongLongInt(3));
        let properties =
            BasicProperties::default().with_headers(headers).with_content_type("text/plain".into());
        let frame = read(&properties, Bytes::new());
        assert_eq!((frame.attribute("type"), frame.attribute("sequence")), (Some("a.B"), Some("7")));
        assert_eq!(frame.attribute("time"), Some("1970-01-01T00:00:00Z"));
        assert_eq!(frame.headers.iter().collect::<Vec<_>>(), [("tenant", "acme")]);
        assert_eq!(frame.content_type.as_deref(), Some("text/plain"));
        assert_eq!(deliveries(&properties), 3);
    }

    #[test]
    fn a_name_that_is_too_long_is_refused() {
        let mut frame = Envelope::json("a.B", "{}").to_frame("/");
        frame.headers.insert("n".repeat(256), "1");
        assert_eq!(write(&frame).expect_err("too long").code(), "AW2006");
    }
}
