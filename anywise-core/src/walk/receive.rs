//! Messages that come in as bytes: decode, walk, encode.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;

use crate::app::{Inner, REMOTE, SINK, SOURCE};
use crate::codec::{AnyMessage, Codec, JSON};
use crate::context::scope::Extra;
use crate::envelope::{Envelope, Head};
use crate::error::{Error, Kind, Result};
use crate::ports::store::delivery::Delivery;
use crate::registry::MessageEntry;
use crate::walk::call::BoxFuture;
use crate::walk::enter::Enter;
use crate::walk::hold::Hold;

/// Handles an envelope: the encoded reply of a request, nothing for an event.
pub(crate) async fn receive(app: &Arc<Inner>, envelope: Envelope) -> Result<Option<Bytes>> {
    let entry = *app.by_name.get(envelope.name.as_str()).ok_or_else(|| unknown(&envelope.name))?;
    let codec = app.codecs.named(&envelope.content_type)?;
    let message = entry.open(codec, &envelope)?;
    let extra = Some(Extra::of(envelope.head()));
    match entry.enter {
        Enter::Request(enter) => {
            let reply = enter(app, message, extra).await?;
            entry.close(codec, reply.as_ref()).map(Some)
        }
        Enter::Event { all, .. } => all(app, message, extra).await.map(|()| None),
    }
}

/// Handles an envelope that must be a request.
pub(crate) async fn request(app: &Arc<Inner>, envelope: Envelope) -> Result<Bytes> {
    let name = envelope.name.clone();
    receive(app, envelope).await?.ok_or_else(|| unknown(&name))
}

/// Delivers an envelope to its one target, under the hold of its claim if it
/// came from a store.
pub(crate) async fn deliver(app: &Arc<Inner>, delivery: &Delivery, hold: Option<Arc<Hold>>) -> Result<()> {
    let envelope = &delivery.envelope;
    if let Some(name) = delivery.target.strip_prefix(SINK) {
        let sink = app.sinks.iter().find(|sink| sink.name() == name);
        let hold = hold.as_deref();
        return sink.ok_or_else(|| no_target(delivery))?.send(numbered(envelope, hold)).await;
    }
    if let Some(place) = delivery.target.strip_prefix(SOURCE) {
        let group = place.rsplit('/').next().unwrap_or_default();
        return crate::ports::consumer::inbox::again(app, group, envelope).await;
    }
    if delivery.target.starts_with(REMOTE) {
        let remote = app.remote.as_ref().ok_or_else(|| no_target(delivery))?;
        return remote.call(envelope.clone()).await.map(drop);
    }
    let entry = *app.by_name.get(envelope.name.as_str()).ok_or_else(|| unknown(&envelope.name))?;
    let row = app.row((entry.slot)()).ok_or_else(|| no_target(delivery))?;
    let message = entry.open(app.codecs.named(&envelope.content_type)?, envelope)?;
    let mut extra = Extra::of(envelope.head());
    extra.head.hold = hold;
    match entry.enter {
        Enter::Request(enter) => enter(app, message, Some(extra)).await.map(drop),
        Enter::Event { one, .. } => {
            let at = row.listening.iter().position(|plan| plan.entry.is(&delivery.target));
            one(app, row, at.ok_or_else(|| no_target(delivery))?, message, Some(extra)).await
        }
    }
}

/// An event that leaves a store, with its place there: it keeps its number when it
/// is sent again, and those of one key have theirs in the order of their commits.
fn numbered(envelope: &Envelope, hold: Option<&Hold>) -> Envelope {
    let mut envelope = envelope.clone();
    if let Some(hold) = hold.filter(|_| envelope.key.is_some()) {
        envelope.sequence = hold.number();
    }
    envelope
}

#[cold]
fn no_target(delivery: &Delivery) -> Error {
    Error::new(
        Kind::Unprocessable,
        "AW2011",
        format!("there is no `{}` in this application to deliver to", delivery.target),
    )
}

impl MessageEntry {
    fn open(&self, codec: &dyn Codec, envelope: &Envelope) -> Result<AnyMessage> {
        let wire = self.wire.as_ref().ok_or_else(|| unknown(self.meta.wire_name()))?;
        if envelope.version > self.meta.version {
            return Err(Error::new(
                Kind::Unprocessable,
                "AW5003",
                format!(
                    "`{}` came in version {}, this application knows up to {}",
                    envelope.name, envelope.version, self.meta.version
                ),
            ));
        }
        wire.read(codec, &envelope.body, Some(self.meta))
    }

    pub(crate) fn close(&self, codec: &dyn Codec, reply: &(dyn Any + Send + Sync)) -> Result<Bytes> {
        let wire = self.reply_wire.as_ref().ok_or_else(|| unknown(self.meta.wire_name()))?;
        wire.write(codec, reply)
    }
}

#[cold]
fn unknown(name: &str) -> Error {
    Error::new(Kind::NotFound, "AW2005", format!("message type `{name}` cannot be received here"))
}

/// A way to one command or query: JSON in, JSON out.
///
/// An ingress makes one for each of its routes, once.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) app: Arc<Inner>,
    pub(crate) entry: &'static MessageEntry,
}

impl Endpoint {
    /// Handles a JSON body and returns the reply as JSON.
    ///
    /// The body is read at once; the handler starts when the future is polled.
    ///
    /// # Errors
    /// That the body is not the message, a guard's, or the handler's.
    pub fn call(&self, body: &[u8], head: Head) -> BoxFuture<'static, Result<Bytes>> {
        match self.entry.json {
            Some(enter) => enter(&self.app, body, head),
            None => Box::pin(std::future::ready(Err(unknown(self.entry.meta.wire_name())))),
        }
    }

    /// Media type of bodies and replies.
    pub fn content_type(&self) -> &'static str {
        JSON
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("message", &self.entry.meta.wire_name()).finish_non_exhaustive()
    }
}
