//! A message as a transport carries it: attributes and headers as text, a body
//! of bytes.
//!
//! Between an [`Envelope`](crate::Envelope) and what a broker's client takes
//! and gives. What the attributes mean is said in `cloudevent.rs`; what they
//! are called on a wire is a [`Binding`].

use std::borrow::Cow;

use bytes::Bytes;

use crate::envelope::headers::Headers;

/// How a transport writes the attributes of CloudEvents among its headers.
///
/// # Examples
/// ```
/// use anywise_core::{Binding, Envelope};
///
/// const KAFKA: Binding = Binding::new("ce_");
///
/// let frame = Envelope::json("order.OrderPaid", "{}").to_frame("/shop");
/// let names: Vec<_> = frame.pairs(KAFKA).map(|(name, _)| name.into_owned()).collect();
/// assert!(names.contains(&"ce_type".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    prefix: &'static str,
    ascii: bool,
}

impl Binding {
    /// Attributes are headers whose names begin with `prefix`.
    pub const fn new(prefix: &'static str) -> Self {
        Self { prefix, ascii: false }
    }

    /// Values are ASCII: what is not printable there is percent-encoded, as the
    /// CloudEvents HTTP binding says (section 3.1.3.2).
    #[must_use]
    pub const fn ascii(mut self) -> Self {
        self.ascii = true;
        self
    }

    fn encode(self, value: &str) -> Cow<'_, str> {
        if self.ascii { escape(value) } else { Cow::Borrowed(value) }
    }

    fn decode(self, value: &str) -> Cow<'_, str> {
        if self.ascii { unescape(value) } else { Cow::Borrowed(value) }
    }
}

/// A message as a transport carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The attributes of CloudEvents, by their names without a prefix.
    pub attributes: Headers,
    /// The user's headers.
    pub headers: Headers,
    /// Media type of the body.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// The header that carries the media type of the body.
const CONTENT_TYPE: &str = "content-type";

impl Frame {
    /// A frame without attributes, as a producer sends it that knows nothing of
    /// CloudEvents.
    pub fn plain(content_type: Option<String>, body: impl Into<Bytes>) -> Self {
        Self { content_type, body: body.into(), ..Self::default() }
    }

    /// A frame of what came in: `pairs` are sorted into attributes, the media
    /// type and the user's headers.
    pub fn read<N: AsRef<str>, V: AsRef<str>>(
        binding: Binding,
        pairs: impl IntoIterator<Item = (N, V)>,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut frame = Self::plain(None, body);
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), binding.decode(value.as_ref()));
            match after_prefix(name, binding.prefix) {
                Some(attribute) => frame.attributes.insert(attribute, value),
                None if name.eq_ignore_ascii_case(CONTENT_TYPE) => {
                    frame.content_type = Some(value.into_owned());
                }
                None => frame.headers.insert(name, value),
            }
        }
        frame
    }

    /// Names and values as the transport writes them; the media type is among
    /// them as `content-type`.
    pub fn pairs(&self, binding: Binding) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let attributes = self.attributes.iter();
        let attributes = attributes
            .map(move |(name, value)| (Cow::Owned([binding.prefix, name].concat()), binding.encode(value)));
        let kind = self.content_type.as_deref();
        let kind = kind.map(|kind| (Cow::Borrowed(CONTENT_TYPE), binding.encode(kind)));
        // A user's header never passes for an attribute.
        let headers = self
            .headers
            .iter()
            .filter(move |(name, _)| after_prefix(name, binding.prefix).is_none() && *name != CONTENT_TYPE)
            .map(move |(name, value)| (Cow::Borrowed(name), binding.encode(value)));
        attributes.chain(kind).chain(headers)
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)
    }
}

fn after_prefix<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    let (head, rest) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'%'
}

fn escape(value: &str) -> Cow<'_, str> {
    if value.bytes().all(is_plain) {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            text.push('%');
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    Cow::Owned(text)
}

fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match after {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCII: Binding = Binding::new("ce-").ascii();

    #[test]
    fn text_that_is_not_ascii_comes_back_as_it_was() {
        for text in ["plain", "two words", "Zürich", "100%", "a\r\nb", "\"quoted\"", "%41", ""] {
            let written = escape(text);
            assert!(written.bytes().all(|byte| matches!(byte, b'!'..=b'~')), "{written}");
            assert_eq!(unescape(&written), text);
        }
        assert_eq!(unescape("50%"), "50%", "what is not an escape stays");
        assert_eq!(unescape("%4"), "%4");
    }

    #[test]
    fn pairs_are_sorted_by_their_names() {
        let pairs =
            [("Ce-Type", "a.B"), ("content-type", "application/json"), ("tenant", "a%20b"), ("c", "d")];
        let frame = Frame::read(ASCII, pairs, "{}");
        assert_eq!(frame.attribute("type"), Some("a.B"));
        assert_eq!(frame.content_type.as_deref(), Some("application/json"));
        assert_eq!(frame.headers.iter().collect::<Vec<_>>(), [("tenant", "a b"), ("c", "d")]);
        let again: Vec<_> = frame.pairs(ASCII).collect();
        assert_eq!(Frame::read(ASCII, again, "{}"), frame);
    }

    #[test]
    fn a_users_header_never_passes_for_an_attribute() {
        let mut frame = Frame::plain(None, "");
        frame.headers.insert("ce-type", "forged");
        frame.headers.insert("Content-Type", "forged");
        assert_eq!(frame.pairs(ASCII).count(), 0);
    }
}
