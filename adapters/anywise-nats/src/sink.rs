//! An event on its way out: published to the stream, done when the stream has
//! confirmed it.
//!
//! `Nats-Msg-Id` is the event's id: what is sent twice within the dedup window
//! is kept once.

use anywise_core::{Envelope, Frame, Result};
use async_nats::header::NATS_MESSAGE_ID;

use crate::connection::{Connection, connected};
use crate::error::{for_now, too_large};
use crate::{Nats, topology, wire};

pub(crate) async fn send(nats: &Nats, envelope: Envelope) -> Result<()> {
    let names = &nats.config.names;
    let subject = names.event(&envelope.name)?;
    let id = envelope.id.hyphenated().to_string();
    let frame = envelope.to_frame(&source(nats));
    let connection = connected(&nats.lazy, &nats.config).await?;
    if publish(connection, &subject, &id, &frame).await?.is_some() {
        return Ok(());
    }
    // No stream takes it in: the stream is gone, or another process declared it
    // at the same moment.
    topology::events(nats, connection, [envelope.name.as_str()]).await.map_err(for_now)?;
    match publish(connection, &subject, &id, &frame).await? {
        Some(()) => Ok(()),
        None => Err(connection.away(format!("no stream takes in `{subject}`"))),
    }
}

/// Who the events are from.
fn source(nats: &Nats) -> String {
    format!("/{}", nats.config.names.prefix())
}

async fn publish(connection: &Connection, subject: &str, id: &str, frame: &Frame) -> Result<Option<()>> {
    let most = connection.largest_body();
    if frame.body.len() > most {
        return Err(too_large("the body", frame.body.len(), most));
    }
    let mut headers = wire::headers(frame)?;
    headers.insert(NATS_MESSAGE_ID, id);
    connection.publish(subject.to_owned(), headers, frame.body.clone()).await
}
