//! What must be there before anything is published or subscribed to: the two
//! streams, and a durable consumer for each group.
//!
//! What is there already is compared with what is asked for. Settings that were
//! not asked for are the operator's: they stay as they are, those too that this
//! program knows nothing of.

mod consumer;
mod server;
mod stream;

use std::collections::BTreeSet;

use anywise_core::{Result, Subscription, Topology};

use crate::Nats;
use crate::connection::Connection;

/// Connects, and declares everything.
pub(crate) async fn open(nats: &Nats, topology: &Topology) -> Result<()> {
    nats.config.names.check()?;
    crate::service::check_version(&nats.config.version)?;
    let connection = nats.connection().await?;
    server::check(nats, connection)?;
    let listened = topology.subscriptions.iter().flat_map(|subscription| &subscription.events);
    let all: BTreeSet<_> = topology.events.iter().chain(listened).map(String::as_str).collect();
    events(nats, connection, all).await?;
    stream::dead_letters(nats, connection).await?;
    for subscription in &topology.subscriptions {
        consumer::declare(nats, connection, subscription).await?;
    }
    Ok(())
}

/// Has the stream take in these events, and those of foreign producers.
pub(crate) async fn events<'n>(
    nats: &Nats,
    connection: &Connection,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<()> {
    stream::events(nats, connection, nats.config.names.taken_in(names)?).await
}

/// Declares one group; it need not have been among those of the topology.
pub(crate) async fn group(nats: &Nats, subscription: &Subscription) -> Result<()> {
    let connection = nats.connection().await?;
    connection.up()?;
    events(nats, connection, subscription.events.iter().map(String::as_str)).await?;
    consumer::declare(nats, connection, subscription).await
}
