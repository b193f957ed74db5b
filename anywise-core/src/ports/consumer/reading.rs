//! What an incoming message is to one group: work for its listeners, nothing,
//! or something nobody can read.

use std::sync::Arc;

use crate::app::Inner;
use crate::envelope::Envelope;
use crate::envelope::frame::{Binding, Frame};
use crate::error::nearest::hint;
use crate::error::{Error, Kind, Result};
use crate::ports::consumer::policy::{ConsumePolicy, Unknown};
use crate::ports::consumer::status::Status;
use crate::ports::store::delivery::Delivery;
use crate::ports::transport::Incoming;
use crate::registry::registry;

/// What an incoming message is to one group.
pub(crate) enum Reading {
    /// Its deliveries to functions here.
    For(Vec<Delivery>),
    /// Nothing: it has reached the group already, or is none of its business.
    Nothing,
    /// Nobody can read it.
    Unreadable(Box<Envelope>, Error),
}

/// Reads an incoming message for the group of a slice.
pub(crate) fn read(app: &Arc<Inner>, status: &Status, policy: &ConsumePolicy, incoming: Incoming) -> Reading {
    let (group, Incoming { frame, foreign, delivered, .. }) = (status.group.as_str(), incoming);
    let unreadable = |error| Reading::Unreadable(Box::new(raw(&frame, group)), error);
    if frame.body.len() > policy.max_size {
        return unreadable(too_large(frame.body.len(), policy.max_size));
    }
    let envelope = match Envelope::from_frame(&frame, foreign.as_ref(), policy.trusted) {
        Ok(envelope) => envelope,
        Err(error) => return unreadable(error),
    };
    note_order(status, &frame, &envelope, delivered);
    if envelope.heard_by.iter().any(|slice| slice == group) {
        return Reading::Nothing;
    }
    match targets(app, group, &envelope.name) {
        Ok(targets) if targets.is_empty() => Reading::Nothing,
        Ok(targets) => Reading::For(addressed(targets, envelope)),
        Err(_) if policy.unknown == Unknown::Ignore => Reading::Nothing,
        Err(error) => Reading::Unreadable(Box::new(envelope), error),
    }
}

/// Says that a message came behind a later one of its key; one that its broker
/// brings again does that as a matter of course.
fn note_order(status: &Status, frame: &Frame, envelope: &Envelope, delivered: Option<u32>) {
    let source = frame.attribute("source").unwrap_or_default();
    if !status.order.note(source, envelope) && delivered.is_none_or(|times| times <= 1) {
        let (group, message, id) = (&status.group, &envelope.name, envelope.id);
        tracing::warn!(group, message, %id, source, "it came behind a later one of its key, or again");
    }
}

/// The deliveries of an envelope to the functions of one slice.
pub(crate) fn deliveries(app: &Arc<Inner>, slice: &str, envelope: Envelope) -> Result<Vec<Delivery>> {
    Ok(addressed(targets(app, slice, &envelope.name)?, envelope))
}

/// The functions of one slice that receive the message of this wire name.
fn targets(app: &Arc<Inner>, slice: &str, name: &str) -> Result<Vec<String>> {
    let Some(row) = app.by_name.get(name).and_then(|entry| app.row((entry.slot)())) else {
        if registry().knows_event(name) {
            return Ok(Vec::new());
        }
        let near = hint(name, app.by_name.keys().copied());
        let message = format!("message type `{name}` is not known here{near}");
        return Err(Error::new(Kind::NotFound, "AW2005", message));
    };
    let handler = row.handler.is_some().then_some(&row.plan);
    let plans = row.listening.iter().chain(handler);
    let plans = plans.filter(|plan| registry().slice_of(plan.entry.module) == slice);
    Ok(plans.map(|plan| plan.entry.address()).collect())
}

/// A delivery of the envelope to each target; the last has the envelope itself.
fn addressed(mut targets: Vec<String>, envelope: Envelope) -> Vec<Delivery> {
    let Some(last) = targets.pop() else { return Vec::new() };
    let mut deliveries = Vec::with_capacity(targets.len() + 1);
    deliveries.extend(targets.into_iter().map(|target| Delivery::new(target, envelope.clone())));
    deliveries.push(Delivery::new(last, envelope));
    deliveries
}

/// The message in an envelope that [`raw`] made, if it made it; the envelope as
/// it is otherwise.
pub(crate) fn unearthed(envelope: &Envelope, trusted: bool) -> Result<Envelope> {
    if envelope.headers.get("ce-specversion").is_none() {
        return Ok(envelope.clone());
    }
    let kind = [("content-type", envelope.content_type.as_str())];
    let pairs = envelope.headers.iter().chain(kind);
    Envelope::from_frame(&Frame::read(KEPT, pairs, envelope.body.clone()), None, trusted)
}

/// How attributes are kept among the headers of what nobody could read.
const KEPT: Binding = Binding::new("ce-");

/// The name of a message that says none.
const NAMELESS: &str = "unreadable";

/// An envelope that keeps what came in, byte for byte, for who looks at it.
fn raw(frame: &Frame, group: &str) -> Envelope {
    let name = frame.attribute("type").unwrap_or(NAMELESS);
    let kind = frame.content_type.as_deref().unwrap_or("application/octet-stream");
    let mut envelope = Envelope::new(name, kind, frame.body.clone());
    // The same bytes for the same group are one dead letter.
    let id = frame.attribute("id").unwrap_or_default();
    let what = [group.as_bytes(), name.as_bytes(), id.as_bytes(), &frame.body].join(&0);
    envelope.id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &what);
    envelope.key = frame.attribute("partitionkey").map(str::to_owned);
    for (name, value) in frame.pairs(KEPT).filter(|(name, _)| name != "content-type") {
        envelope.headers.insert(name, value);
    }
    envelope
}

pub(crate) fn too_large(size: usize, most: usize) -> Error {
    Error::new(Kind::TooLarge, "AW2006", format!("the body has {size} bytes; at most {most} are read here"))
}
