//! An envelope as a CloudEvent (CloudEvents 1.0.2), and back.
//!
//! Binary mode is written: the attributes beside the body, the body as it is.
//! Structured mode is read too. Extensions that others document keep their
//! names (`partitionkey`, `sequence`, `traceparent`, `correlationid`, …); ours
//! begin with `aw` and are taken from trusted producers alone.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::context::Principal;
use crate::envelope::frame::Frame;
use crate::envelope::headers::Headers;
use crate::envelope::{Envelope, RESERVED_PREFIX, TraceContext};
use crate::error::{Error, Kind, Result};

/// Media type of an event in structured mode.
const STRUCTURED: &str = "application/cloudevents+json";
/// The longest id that is read.
const LONGEST_ID: usize = 256;

/// What a frame is taken for that says nothing of itself: the message of a
/// producer that does not write CloudEvents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Foreign {
    /// Wire name of the message it is.
    pub name: String,
    /// What the transport knows it by: the same message has the same text each
    /// time it is delivered, and no other has it.
    pub id: String,
    /// The key that its producer gave it, if the transport has such: the
    /// messages of one key are handled one after the other.
    pub key: Option<String>,
}

impl Foreign {
    /// The message `name`, which the transport knows by `id`.
    pub fn new(name: impl Into<String>, id: impl Into<String>) -> Self {
        Self { name: name.into(), id: id.into(), key: None }
    }

    /// Says which key its producer gave it.
    #[must_use]
    pub fn key(mut self, key: Option<String>) -> Self {
        self.key = key;
        self
    }
}

impl Envelope {
    /// The envelope as a CloudEvent of the producer `source`, a URI reference
    /// such as `/shop`.
    pub fn to_frame(&self, source: &str) -> Frame {
        let mut attributes = Headers::with_capacity(12, 320);
        let mut id = Uuid::encode_buffer();
        attributes.insert("specversion", "1.0");
        attributes.insert("id", self.id.hyphenated().encode_lower(&mut id));
        attributes.insert("source", source);
        attributes.insert("type", &self.name);
        attributes.insert("time", self.time.to_string());
        let mut set = |name, value: Option<&str>| {
            if let Some(value) = value {
                attributes.insert(name, value);
            }
        };
        set("partitionkey", self.key.as_deref());
        set("correlationid", self.correlation_id.as_deref());
        set("causationid", self.causation_id.map(|id| id.to_string()).as_deref());
        set("traceparent", self.trace.as_ref().map(TraceContext::parent));
        set("tracestate", self.trace.as_ref().and_then(TraceContext::state));
        set("sequence", self.sequence.map(|number| number.to_string()).as_deref());
        set("awversion", (self.version != 1).then(|| self.version.to_string()).as_deref());
        set("awheardby", (!self.heard_by.is_empty()).then(|| self.heard_by.join(",")).as_deref());
        set("awprincipal", self.principal.as_ref().map(Principal::id));
        let scopes = self.principal.as_ref().map(|known| known.scopes().collect::<Vec<_>>().join(" "));
        set("awscopes", scopes.as_deref().filter(|scopes| !scopes.is_empty()));
        set("awtimeout", self.deadline.map(|at| left(at).as_millis().to_string()).as_deref());
        set("awidempotencykey", self.idempotency_key.as_deref());
        Frame {
            attributes,
            headers: self.headers.clone(),
            content_type: Some(self.content_type.clone()),
            body: self.body.clone(),
        }
    }

    /// The envelope of a CloudEvent in binary or structured mode, or of
    /// `foreign` if the frame is none.
    ///
    /// What a producer that is not `trusted` says of who it acts for, and of
    /// whom the event has reached, is refused.
    ///
    /// # Errors
    /// `AW2003`: an attribute is missing or cannot be read. `AW2004`: the id is
    /// empty, too long, or has control characters. `AW2008`: a reserved
    /// attribute or header from a producer that is not trusted. `AW2002`: the
    /// body is not what the media type says.
    ///
    /// # Examples
    /// ```
    /// use anywise_core::Envelope;
    ///
    /// let envelope = Envelope::json("order.OrderPaid", r#"{"order_id":"o-1"}"#);
    /// let again = Envelope::from_frame(&envelope.to_frame("/shop"), None, true).unwrap();
    /// assert_eq!((again.id, again.name, again.body), (envelope.id, envelope.name, envelope.body));
    /// ```
    pub fn from_frame(frame: &Frame, foreign: Option<&Foreign>, trusted: bool) -> Result<Self> {
        let unfolded;
        let frame = match frame.content_type.as_deref() {
            Some(kind) if essence(kind) == STRUCTURED => {
                unfolded = unfold(frame)?;
                &unfolded
            }
            _ => frame,
        };
        if !trusted {
            refuse_reserved(frame)?;
        }
        let mut envelope = match foreign {
            Some(foreign) if frame.attributes.is_empty() => of_foreign(frame, foreign),
            _ => read(frame)?,
        };
        envelope.headers.remove_reserved();
        Ok(envelope)
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn refuse_reserved(frame: &Frame) -> Result<()> {
    let attribute = frame.attributes.iter().map(|(name, _)| name).find(|name| name.starts_with("aw"));
    let header = frame.headers.iter().map(|(name, _)| name).find(|name| name.starts_with(RESERVED_PREFIX));
    match attribute.or(header) {
        None => Ok(()),
        Some(name) => {
            tracing::warn!(name, "a producer that is not trusted set a reserved attribute");
            Err(Error::new(
                Kind::Unprocessable,
                "AW2008",
                format!("`{name}` is reserved, and its producer is not trusted"),
            ))
        }
    }
}

fn of_foreign(frame: &Frame, foreign: &Foreign) -> Envelope {
    let content_type = frame.content_type.as_deref().unwrap_or(crate::codec::JSON);
    let mut envelope = Envelope::new(foreign.name.clone(), content_type, frame.body.clone());
    envelope.id = Uuid::new_v5(&Uuid::NAMESPACE_URL, foreign.id.as_bytes());
    envelope.trace = frame
        .headers
        .get("traceparent")
        .and_then(|p| TraceContext::parse(p, frame.headers.get("tracestate")));
    envelope.headers = frame.headers.clone();
    envelope.key.clone_from(&foreign.key);
    envelope
}

fn read(frame: &Frame) -> Result<Envelope> {
    let needed = |name: &str| frame.attribute(name).ok_or_else(|| missing(name));
    match needed("specversion")? {
        "1.0" => {}
        other => return Err(unreadable("specversion", other, "`1.0`")),
    }
    let (id, source) = (needed("id")?, needed("source")?);
    let id = identity(id, source)?;
    let name = needed("type")?.to_owned();
    let number = |name: &str| parsed(frame, name, "a number", |text| text.parse::<u64>().ok());
    let version = number("awversion")?.unwrap_or(1);
    let version =
        u32::try_from(version).map_err(|_| unreadable("awversion", &version.to_string(), "a version"))?;
    let time = parsed(frame, "time", "a time (RFC 3339)", |text| text.parse::<Timestamp>().ok())?;
    let text = |name: &str| frame.attribute(name).map(str::to_owned);
    let scopes = frame.attribute("awscopes").unwrap_or_default().split_whitespace();
    let principal = text("awprincipal").map(|id| Principal::new(id).with_scopes(scopes));
    let heard_by = frame.attribute("awheardby").map(|all| all.split(',').map(str::to_owned).collect());
    Ok(Envelope {
        id,
        version,
        key: text("partitionkey"),
        sequence: number("sequence")?,
        correlation_id: text("correlationid"),
        // Another's ids may be of another form; then they name no message here.
        causation_id: frame.attribute("causationid").and_then(|id| id.parse().ok()),
        trace: frame
            .attribute("traceparent")
            .and_then(|p| TraceContext::parse(p, frame.attribute("tracestate"))),
        time: time.unwrap_or_else(Timestamp::now),
        content_type: frame.content_type.clone().unwrap_or_else(|| crate::codec::JSON.to_owned()),
        deadline: number("awtimeout")?.and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms))),
        principal,
        idempotency_key: text("awidempotencykey"),
        heard_by: heard_by.unwrap_or_default(),
        name,
        headers: frame.headers.clone(),
        body: frame.body.clone(),
    })
}

fn parsed<T>(
    frame: &Frame,
    name: &str,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>> {
    let Some(text) = frame.attribute(name) else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| unreadable(name, text, expected))
}

/// The id of a message here: its own if it is a UUID, else one made of what
/// makes it unique, its source and id together.
fn identity(id: &str, source: &str) -> Result<Uuid> {
    if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Err(Error::new(
            Kind::Unprocessable,
            "AW2004",
            format!("the id of a message has 1 to {LONGEST_ID} bytes and no control characters"),
        ));
    }
    Ok(id.parse().unwrap_or_else(|_| {
        let name = [source.as_bytes(), &[0], id.as_bytes()].concat();
        Uuid::new_v5(&Uuid::NAMESPACE_URL, &name)
    }))
}

fn missing(name: &str) -> Error {
    Error::new(
        Kind::Unprocessable,
        "AW2003",
        format!(
            "the attribute `{name}` is missing; if its producer writes no CloudEvents, say which message it is"
        ),
    )
}

fn unreadable(name: &str, found: &str, expected: &str) -> Error {
    let found: String = found.chars().take(64).collect();
    let message = format!("the attribute `{name}` is `{found}`, and should be {expected}");
    Error::new(Kind::Unprocessable, "AW2003", message)
}

/// An event in structured mode as if it had come in binary mode.
fn unfold(frame: &Frame) -> Result<Frame> {
    let malformed = |why: String| {
        Error::new(Kind::Unprocessable, "AW2002", format!("the structured CloudEvent cannot be read: {why}"))
    };
    let limits = crate::codec::json::JsonLimits::default();
    let event: serde_json::Map<String, Value> =
        crate::codec::json::decode_json(&frame.body, &limits).map_err(|fault| malformed(fault.detail))?;
    let mut unfolded = Frame { headers: frame.headers.clone(), ..Frame::default() };
    for (name, value) in event {
        match (name.as_str(), value) {
            ("data", value) => unfolded.body = serde_json::to_vec(&value).expect("JSON is JSON").into(),
            ("data_base64", Value::String(text)) => {
                let bytes = BASE64_STANDARD.decode(text);
                unfolded.body = bytes.map_err(|error| malformed(format!("`data_base64`: {error}")))?.into();
            }
            ("datacontenttype", Value::String(kind)) => unfolded.content_type = Some(kind),
            (_, Value::String(text)) => unfolded.attributes.insert(name, text),
            (_, value @ (Value::Number(_) | Value::Bool(_))) => {
                unfolded.attributes.insert(name, value.to_string());
            }
            (_, Value::Null) => {}
            _ => return Err(malformed(format!("`{name}` is not an attribute"))),
        }
    }
    Ok(unfolded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(pairs: &[(&str, &str)], body: &'static str) -> Frame {
        Frame { attributes: pairs.iter().copied().collect(), ..Frame::plain(None, body) }
    }

    fn code(frame: &Frame, trusted: bool) -> String {
        Envelope::from_frame(frame, None, trusted).expect_err("it cannot be read").code().to_owned()
    }

    const WHOLE: [(&str, &str); 4] =
        [("specversion", "1.0"), ("id", "a-1"), ("source", "/elsewhere"), ("type", "order.OrderPaid")];

    #[test]
    fn everything_an_envelope_says_comes_back() {
        let mut envelope = Envelope::json("order.OrderPaid", "{}");
        envelope.version = 3;
        envelope.key = Some("Zürich 7".into());
        envelope.sequence = Some(41);
        envelope.correlation_id = Some("c".into());
        envelope.causation_id = Some(Uuid::now_v7());
        envelope.trace =
            TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("a=b"));
        envelope.principal = Some(Principal::new("ann").with_scopes(["pay", "read"]));
        envelope.idempotency_key = Some("k".into());
        envelope.heard_by = vec!["order".into(), "stock".into()];
        envelope.headers.insert("tenant", "acme");
        let again = Envelope::from_frame(&envelope.to_frame("/shop"), None, true).expect("it was written");
        assert_eq!(format!("{again:?}"), format!("{envelope:?}"));
    }

    #[test]
    fn a_deadline_travels_as_the_time_that_is_left() {
        let mut envelope = Envelope::json("a.B", "{}");
        envelope.deadline = Some(Instant::now() + Duration::from_secs(60));
        let again = Envelope::from_frame(&envelope.to_frame("/"), None, true).expect("it was written");
        let left = left(again.deadline.expect("it has one"));
        assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60), "{left:?}");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (at, (name, _)) in WHOLE.iter().enumerate() {
            let mut pairs = WHOLE.to_vec();
            pairs.remove(at);
            let error = Envelope::from_frame(&frame(&pairs, "{}"), None, true).expect_err("not whole");
            assert_eq!(error.code(), "AW2003");
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn ids_of_others_are_told_apart_by_their_source() {
        let read = |source: &str, id: &str| {
            let mut pairs = WHOLE.to_vec();
            (pairs[1].1, pairs[2].1) = (id, source);
            let pairs: Vec<_> = pairs;
            Envelope::from_frame(&frame(&pairs, "{}"), None, true).map(|envelope| envelope.id)
        };
        assert_eq!(read("/a", "1").ok(), read("/a", "1").ok());
        assert_ne!(read("/a", "1").ok(), read("/b", "1").ok());
        let own = "0198c3a4-7c7e-7000-8000-000000000001";
        assert_eq!(read("/a", own).expect("a UUID").to_string(), own);
        let long = "x".repeat(LONGEST_ID + 1);
        for id in ["", "a\nb", long.as_str()] {
            assert_eq!(read("/a", id).expect_err("no id").code(), "AW2004");
        }
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        let with = |name, value| frame(&[&WHOLE[..], &[(name, value)]].concat(), "{}");
        assert_eq!(code(&with("time", "yesterday"), true), "AW2003");
        assert_eq!(code(&with("awversion", "-1"), true), "AW2003");
        assert_eq!(code(&with("specversion", "0.3"), true), "AW2003");
        assert!(
            Envelope::from_frame(&with("traceparent", "zz"), None, true).expect("no trace").trace.is_none()
        );
    }

    #[test]
    fn a_stranger_sets_nothing_reserved() {
        assert_eq!(code(&frame(&[&WHOLE[..], &[("awprincipal", "root")]].concat(), "{}"), false), "AW2008");
        let mut forged = frame(&WHOLE, "{}");
        forged.headers.insert("aw-tenant", "acme");
        assert_eq!(code(&forged, false), "AW2008");
        let envelope = Envelope::from_frame(&forged, None, true).expect("a trusted one");
        assert!(envelope.headers.is_empty(), "reserved headers do not reach functions");
    }

    #[test]
    fn structured_mode_is_read() {
        let body = r#"{"specversion":"1.0","id":"1","source":"/x","type":"a.B","sequence":7,
            "datacontenttype":"application/json","partitionkey":"k","data":{"n":1}}"#;
        let frame = Frame::plain(Some("application/cloudevents+json; charset=utf-8".into()), body);
        let envelope = Envelope::from_frame(&frame, None, false).expect("a CloudEvent");
        assert_eq!((envelope.name.as_str(), &envelope.body[..]), ("a.B", &br#"{"n":1}"#[..]));
        assert_eq!((envelope.sequence, envelope.key.as_deref()), (Some(7), Some("k")));

        let body = r#"{"specversion":"1.0","id":"1","source":"/x","type":"a.B","data_base64":"AQI="}"#;
        let frame = Frame::plain(Some(STRUCTURED.into()), body);
        assert_eq!(Envelope::from_frame(&frame, None, false).expect("a CloudEvent").body[..], [1, 2]);
        for body in ["", "[]", r#"{"data_base64":"?"}"#, r#"{"id":{}}"#] {
            assert_eq!(code(&Frame::plain(Some(STRUCTURED.into()), body), false), "AW2002", "{body}");
        }
    }

    #[test]
    fn a_producer_that_writes_no_cloudevents_is_taken_at_its_word() {
        let foreign = Foreign::new("order.OrderPaid", "ORDERS/17");
        let frame = Frame::plain(None, "{}");
        let envelope = Envelope::from_frame(&frame, Some(&foreign), false).expect("plain JSON");
        assert_eq!(
            (envelope.name.as_str(), envelope.content_type.as_str()),
            ("order.OrderPaid", "application/json")
        );
        assert_eq!(Envelope::from_frame(&frame, Some(&foreign), false).expect("again").id, envelope.id);
        assert_eq!(code(&frame, true), "AW2003");
        assert_eq!(envelope.key, None);
        let keyed = foreign.key(Some("o-1".into()));
        let envelope = Envelope::from_frame(&frame, Some(&keyed), false).expect("plain JSON with a key");
        assert_eq!(envelope.key.as_deref(), Some("o-1"));
    }
}
