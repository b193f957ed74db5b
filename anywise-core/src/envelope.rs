//! What travels between processes: an envelope around a message's bytes.
//!
//! Inside one process a message stays a Rust value; it is put into an envelope
//! when it leaves through a sink, a remote or a store, and taken out when it
//! comes in through a source or an ingress.

pub(crate) mod cloudevent;
pub(crate) mod frame;
pub(crate) mod headers;
pub(crate) mod id;
pub mod link;
pub(crate) mod stored;

use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use crate::codec::Codec;
use crate::context::Principal;
use crate::envelope::headers::Headers;
use crate::error::Result;
use crate::message::Message;

/// Prefix of the headers that only the framework sets.
pub const RESERVED_PREFIX: &str = "aw-";

/// Trace context (W3C Trace Context, level 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    parent: String,
    state: Option<String>,
}

impl TraceContext {
    /// Reads `traceparent` and `tracestate`.
    ///
    /// A malformed `traceparent` is no trace: it never fails a message.
    ///
    /// # Examples
    /// ```
    /// use anywise_core::TraceContext;
    ///
    /// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// assert_eq!(TraceContext::parse(parent, None).unwrap().parent(), parent);
    /// assert!(TraceContext::parse("00-zz-00f067aa0ba902b7-01", None).is_none());
    /// ```
    pub fn parse(parent: &str, state: Option<&str>) -> Option<Self> {
        let hex = |part: &str, len: usize| {
            part.len() == len && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let zero = |part: &str| part.bytes().all(|b| b == b'0');
        let mut parts = parent.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let valid = hex(version, 2)
            && version != "ff"
            && hex(trace, 32)
            && !zero(trace)
            && hex(span, 16)
            && !zero(span)
            && hex(flags, 2)
            && (version != "00" || parts.next().is_none());
        valid.then(|| Self { parent: parent.to_owned(), state: state.map(str::to_owned) })
    }

    /// The `traceparent` value.
    pub fn parent(&self) -> &str {
        &self.parent
    }

    /// The `tracestate` value.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }
}

/// What is known of a message beside its body.
///
/// An ingress fills what the caller sent; a caused message inherits
/// correlation, trace, deadline and principal from its cause.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Head {
    /// Id of the message; made (UUID version 7) when first asked for.
    pub id: Option<Uuid>,
    /// Id shared by everything one request set off.
    pub correlation_id: Option<String>,
    /// Id of the message that caused this one.
    pub causation_id: Option<Uuid>,
    /// The caller's headers.
    pub headers: Headers,
    /// Trace context.
    pub trace: Option<TraceContext>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// On whose behalf.
    pub principal: Option<Principal>,
    /// The caller's name for this request: the same request under the same key
    /// is carried out once, and answered alike.
    pub idempotency_key: Option<String>,
    /// The hold on the delivery that brought the message, if one did.
    pub(crate) hold: Option<std::sync::Arc<crate::walk::hold::Hold>>,
    /// Where a remembered reply is put, byte for byte, for who wants its bytes.
    pub(crate) told: Option<crate::walk::once::Told>,
    /// The function that sent it and waits for it, if one does.
    pub(crate) above: Option<std::sync::Arc<crate::walk::nest::Chain>>,
}

impl Head {
    /// The id, made now if there is none.
    pub fn id(&mut self) -> Uuid {
        *self.id.get_or_insert_with(Uuid::now_v7)
    }

    /// The head of a message caused by this one.
    #[must_use]
    pub fn caused(&mut self) -> Self {
        let id = self.id();
        let correlation_id = self.correlation_id.clone().unwrap_or_else(|| id.to_string());
        Self {
            id: None,
            correlation_id: Some(correlation_id),
            causation_id: Some(id),
            headers: Headers::default(),
            trace: self.trace.clone(),
            deadline: self.deadline,
            principal: self.principal.clone(),
            idempotency_key: self.idempotency_key.clone(),
            hold: None,
            told: None,
            above: None,
        }
    }
}

/// A message as it travels.
///
/// # Examples
/// ```
/// use anywise_core::Envelope;
///
/// let envelope = Envelope::json("payment.PaymentSettled", r#"{"order_id":"o-1"}"#);
/// assert_eq!(envelope.version, 1);
/// assert_eq!(envelope.id.get_version_num(), 7);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// Unique id (UUID version 7 when made here).
    pub id: Uuid,
    /// Wire name.
    pub name: String,
    /// Version of the body's shape.
    pub version: u32,
    /// What orders it.
    pub key: Option<String>,
    /// Id shared by everything one request set off.
    pub correlation_id: Option<String>,
    /// Id of the message that caused it.
    pub causation_id: Option<Uuid>,
    /// The user's headers.
    pub headers: Headers,
    /// Trace context.
    pub trace: Option<TraceContext>,
    /// When it was made.
    pub time: Timestamp,
    /// Media type of the body; names the codec.
    pub content_type: String,
    /// The encoded message.
    pub body: Bytes,
    /// When the sender stops waiting; does not travel as it is.
    pub deadline: Option<Instant>,
    /// On whose behalf.
    pub principal: Option<Principal>,
    /// The sender's name for a request on its way to another process; is not
    /// kept by stores. See [`request_key`](Self::request_key).
    pub idempotency_key: Option<String>,
    /// Place among what its producer has sent of its key, if it left the producer
    /// through a store: a later one has a higher number, with gaps in between.
    pub sequence: Option<u64>,
    /// Slices whose listeners have the event already: it is not handed to them
    /// again when it comes back through a broker.
    pub heard_by: Vec<String>,
}

impl Envelope {
    /// An envelope with a new id around `body`.
    pub fn new(name: impl Into<String>, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::with_head(name, content_type, body, Head::default())
    }

    /// An envelope around a JSON body.
    pub fn json(name: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(name, crate::codec::JSON, body)
    }

    /// An envelope around `body` with what `head` says.
    pub fn with_head(
        name: impl Into<String>,
        content_type: impl Into<String>,
        body: impl Into<Bytes>,
        mut head: Head,
    ) -> Self {
        Self {
            id: head.id(),
            name: name.into(),
            version: 1,
            key: None,
            correlation_id: head.correlation_id,
            causation_id: head.causation_id,
            headers: head.headers,
            trace: head.trace,
            time: Timestamp::now(),
            content_type: content_type.into(),
            body: body.into(),
            deadline: head.deadline,
            principal: head.principal,
            idempotency_key: None,
            sequence: None,
            heard_by: Vec::new(),
        }
    }

    /// A message in an envelope, written by `codec`, with what `head` says.
    ///
    /// # Errors
    /// That the message is local, or has no form in the codec's format.
    pub fn seal<M: Message>(message: &M, codec: &dyn Codec, mut head: Head) -> Result<Self> {
        let mut envelope = crate::codec::seal(message, codec, &mut head)?;
        envelope.idempotency_key = head.idempotency_key;
        Ok(envelope)
    }

    /// The name under which a request travels, so that it is carried out once
    /// however often it arrives: what the sender called it, else its id.
    pub fn request_key(&self) -> String {
        self.idempotency_key.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// What the envelope says beside its body.
    pub fn head(&self) -> Head {
        Head {
            id: Some(self.id),
            correlation_id: self.correlation_id.clone(),
            causation_id: self.causation_id,
            headers: self.headers.clone(),
            trace: self.trace.clone(),
            deadline: self.deadline,
            principal: self.principal.clone(),
            idempotency_key: self.idempotency_key.clone(),
            hold: None,
            told: None,
            above: None,
        }
    }
}
