//! A message as NATS carries it: CloudEvents in binary mode, `ce-` headers.
//!
//! Between a [`Frame`] and the client's headers. What is not printable ASCII in
//! a value is percent-encoded, as in the HTTP binding of CloudEvents.

use anywise_core::{Binding, Frame, Result};
use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;

use crate::error::unusable;

const BINDING: Binding = Binding::new("ce-").ascii();

/// Headers that are the server's, not a user's.
const SERVERS: &str = "Nats-";

/// The headers of a frame.
pub(crate) fn headers(frame: &Frame) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in frame.pairs(BINDING) {
        let known = known(&name);
        let name = match known {
            Some(known) => HeaderName::from_static(known),
            None => header_name(&name)?,
        };
        // Printable ASCII: a value may be anything but a line end.
        headers.insert(name, HeaderValue::from(value.into_owned()));
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName> {
    let why = "a header's name has printable ASCII characters other than a colon";
    HeaderName::try_from(name.to_owned()).map_err(|_| unusable("the header", name, why))
}

/// Names that most messages have: they cost no allocation.
fn known(name: &str) -> Option<&'static str> {
    const KNOWN: [&str; 10] = [
        "ce-specversion",
        "ce-id",
        "ce-source",
        "ce-type",
        "ce-time",
        "ce-partitionkey",
        "ce-correlationid",
        "ce-traceparent",
        "ce-awtimeout",
        "content-type",
    ];
    KNOWN.into_iter().find(|known| *known == name)
}

/// The frame of a message that came in.
pub(crate) fn frame(headers: Option<&HeaderMap>, body: Bytes) -> Frame {
    let pairs = headers.into_iter().flat_map(HeaderMap::iter).filter_map(|(name, values)| {
        let name: &str = name.as_ref();
        let value = values.first()?.as_str();
        (!name.starts_with(SERVERS)).then_some((name, value))
    });
    Frame::read(BINDING, pairs, body)
}

/// The headers of a message that came in, without the server's own.
pub(crate) fn copied(headers: Option<&HeaderMap>) -> HeaderMap {
    let mut copied = HeaderMap::new();
    for (name, values) in headers.into_iter().flat_map(HeaderMap::iter) {
        let text: &str = name.as_ref();
        if text.starts_with(SERVERS) {
            continue;
        }
        for value in values {
            copied.append(name.clone(), value.clone());
        }
    }
    copied
}

/// Text as the value of a header.
pub(crate) fn text(text: &str) -> HeaderValue {
    let mut frame = Frame::plain(None, Bytes::new());
    frame.headers.insert("text", text);
    let (_, value) = frame.pairs(BINDING).next().expect("it has one header");
    HeaderValue::from(value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anywise_core::Envelope;

    #[test]
    fn a_frame_comes_back_as_it_was() {
        let mut envelope = Envelope::json("order.OrderPaid", "{}");
        envelope.key = Some("Zürich\r\n7".into());
        envelope.headers.insert("tenant", "a b");
        envelope.headers.insert("nats-msg-id", "a user's");
        let frame = envelope.to_frame("/shop");
        let headers = headers(&frame).unwrap();
        assert_eq!(headers.get("ce-type").unwrap().as_str(), "order.OrderPaid");
        assert_eq!(headers.get("content-type").unwrap().as_str(), "application/json");
        assert_eq!(super::frame(Some(&headers), frame.body.clone()), frame);
    }

    #[test]
    fn the_servers_headers_are_nobody_elses() {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", "1");
        headers.insert("tenant", "acme");
        let frame = frame(Some(&headers), Bytes::new());
        assert_eq!(frame.headers.iter().collect::<Vec<_>>(), [("tenant", "acme")]);
        assert_eq!(copied(Some(&headers)).len(), 1);
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let mut frame = Frame::plain(None, Bytes::new());
        frame.headers.insert("two words", "x");
        assert_eq!(headers(&frame).unwrap_err().code(), "AW2022");
    }

    #[test]
    fn any_text_is_a_value() {
        assert_eq!(text("ünlucky\r\n").as_str(), "%C3%BCnlucky%0D%0A");
    }
}
