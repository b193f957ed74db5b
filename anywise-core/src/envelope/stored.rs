//! An envelope as a store keeps it: a head, as JSON, and the body's bytes.
//!
//! The head is text so that an operator can read it; the body is never touched.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::context::Principal;
use crate::envelope::headers::Headers;
use crate::envelope::{Envelope, TraceContext};
use crate::error::{Error, Kind, Result};

/// The fields of a head, in the order in which they are written.
#[derive(Serialize, Deserialize)]
struct StoredHead<'a> {
    id: Uuid,
    name: Cow<'a, str>,
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracestate: Option<Cow<'a, str>>,
    time: Timestamp,
    content_type: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<(Cow<'a, str>, Vec<Cow<'a, str>>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    heard_by: Vec<Cow<'a, str>>,
}

impl Envelope {
    /// Everything but the body, as JSON, for a store.
    ///
    /// The deadline is left out: what is stored outlives its sender's patience.
    ///
    /// # Examples
    /// ```
    /// use anywise_core::Envelope;
    ///
    /// let envelope = Envelope::json("order.OrderPaid", "{}");
    /// let again = Envelope::from_stored(&envelope.stored_head(), envelope.body.clone()).unwrap();
    /// assert_eq!((again.id, again.name, again.time), (envelope.id, envelope.name, envelope.time));
    /// ```
    pub fn stored_head(&self) -> String {
        let head = StoredHead {
            id: self.id,
            name: self.name.as_str().into(),
            version: self.version,
            key: self.key.as_deref().map(Into::into),
            correlation_id: self.correlation_id.as_deref().map(Into::into),
            causation_id: self.causation_id,
            headers: self.headers.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            traceparent: self.trace.as_ref().map(|trace| trace.parent().into()),
            tracestate: self.trace.as_ref().and_then(|trace| trace.state()).map(Into::into),
            time: self.time,
            content_type: self.content_type.as_str().into(),
            principal: self
                .principal
                .as_ref()
                .map(|known| (known.id().into(), known.scopes().map(Into::into).collect())),
            sequence: self.sequence,
            heard_by: self.heard_by.iter().map(|slice| slice.as_str().into()).collect(),
        };
        serde_json::to_string(&head).expect("a head is text, numbers and lists")
    }

    /// The envelope of a stored head and body.
    ///
    /// # Errors
    /// That the head is not what [`stored_head`](Self::stored_head) wrote.
    pub fn from_stored(head: &str, body: impl Into<Bytes>) -> Result<Self> {
        let head: StoredHead<'_> = serde_json::from_str(head).map_err(|error| {
            Error::new(Kind::Unprocessable, "AW7010", format!("a stored message cannot be read: {error}"))
        })?;
        let trace = head.traceparent.as_deref();
        Ok(Self {
            id: head.id,
            name: head.name.into_owned(),
            version: head.version,
            key: head.key.map(Into::into),
            correlation_id: head.correlation_id.map(Into::into),
            causation_id: head.causation_id,
            headers: Headers::from_iter(head.headers),
            trace: trace.and_then(|parent| TraceContext::parse(parent, head.tracestate.as_deref())),
            time: head.time,
            content_type: head.content_type.into_owned(),
            body: body.into(),
            deadline: None,
            principal: head.principal.map(|(id, scopes)| Principal::new(id).with_scopes(scopes)),
            idempotency_key: None,
            sequence: head.sequence,
            heard_by: head.heard_by.into_iter().map(Cow::into_owned).collect(),
        })
    }
}
