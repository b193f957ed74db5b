//! A frame as a Kafka record, and back: the CloudEvents Kafka binding in binary
//! mode, attributes as headers `ce_…`.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anywise_core::{Binding, Envelope, Foreign, Frame, Incoming, Tag};
use bytes::Bytes;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};

use crate::topology::Reads;

const BINDING: Binding = Binding::new("ce_");
/// The attribute that the record's key is, by the binding.
const KEY: &str = "partitionkey";
const TYPE: &str = "type";
/// Media types of events that carry their attributes in the body.
const STRUCTURED: &str = "application/cloudevents";

/// A record on its way to the broker.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) topic: String,
    pub(crate) key: Option<Bytes>,
    pub(crate) frame: Frame,
    /// Headers beside the frame's.
    pub(crate) extra: Vec<(&'static str, String)>,
}

impl Record {
    /// A frame for a topic; its key is the record's.
    pub(crate) fn of(topic: String, frame: Frame) -> Self {
        let key = frame.attribute(KEY).map(|key| Bytes::copy_from_slice(key.as_bytes()));
        Self { topic, key, frame, extra: Vec::new() }
    }

    pub(crate) fn headers(&self) -> OwnedHeaders {
        let headers = OwnedHeaders::new_with_capacity(16);
        let headers = self.frame.pairs(BINDING).fold(headers, |headers, (name, value)| {
            headers.insert(Header { key: &name, value: Some(value.as_bytes()) })
        });
        self.extra.iter().fold(headers, |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value.as_bytes()) })
        })
    }

    /// About how many bytes it takes up in the client.
    pub(crate) fn weight(&self) -> usize {
        self.frame.body.len() + 1_024
    }
}

/// What a record is to one group.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are messages")]
pub(crate) enum Read {
    /// A message for it, or what nobody can read.
    Message(Incoming),
    /// An event that it does not listen to.
    Others,
}

/// Reads a record that came in from a topic that it reads.
pub(crate) fn read(reads: &Reads, tag: Tag, message: &BorrowedMessage<'_>) -> Read {
    let body = || Bytes::copy_from_slice(message.payload().unwrap_or_default());
    // The client panics on a header name that is not UTF-8.
    let readable = catch_unwind(AssertUnwindSafe(|| {
        let named = kind(message);
        let others = named.as_deref().is_some_and(|named| !reads.events.contains(named));
        (!others).then(|| frame(message, body()))
    }));
    let frame = match readable {
        Ok(Some(frame)) => frame,
        Ok(None) => return Read::Others,
        Err(_) => Frame::plain(None, body()),
    };
    let event = reads.topics.get(message.topic()).and_then(Option::as_deref);
    let foreign = event.filter(|_| frame.attributes.is_empty()).map(|event| foreign(event, message));
    if foreign.is_none() && frame.attribute(TYPE).is_none() && is_others(reads, &frame) {
        return Read::Others;
    }
    Read::Message(Incoming::new(tag, frame).foreign(foreign))
}

/// Whether an event in structured mode is one that the group does not listen to.
fn is_others(reads: &Reads, frame: &Frame) -> bool {
    let structured = frame.content_type.as_deref().is_some_and(|kind| kind.starts_with(STRUCTURED));
    structured
        && Envelope::from_frame(frame, None, true)
            .is_ok_and(|envelope| !reads.events.contains(&envelope.name))
}

/// The event that a record says it is.
fn kind<'m>(message: &'m BorrowedMessage<'_>) -> Option<Cow<'m, str>> {
    let mut headers = message.headers()?.iter();
    let header = headers.find(|header| header.key.eq_ignore_ascii_case("ce_type"))?;
    Some(String::from_utf8_lossy(header.value.unwrap_or_default()))
}

fn frame(message: &BorrowedMessage<'_>, body: Bytes) -> Frame {
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    let pairs = headers.map(|header| {
        let value = header.value.unwrap_or_default();
        (header.key, String::from_utf8_lossy(value))
    });
    let mut frame = Frame::read(BINDING, pairs, body);
    if !frame.attributes.is_empty()
        && frame.attribute(KEY).is_none()
        && let Some(key) = key(message)
    {
        frame.attributes.insert(KEY, key);
    }
    frame
}

/// What a record is that says nothing of itself: the event of its topic, known
/// by where it lies. The time tells it from one of a topic that was made anew.
fn foreign(event: &str, message: &BorrowedMessage<'_>) -> Foreign {
    let time = message.timestamp().to_millis().unwrap_or_default();
    let id = format!("kafka:{}/{}/{}/{time}", message.topic(), message.partition(), message.offset());
    Foreign::new(event, id).key(key(message))
}

fn key(message: &BorrowedMessage<'_>) -> Option<String> {
    message.key().and_then(|key| std::str::from_utf8(key).ok()).map(str::to_owned)
}
