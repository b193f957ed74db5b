//! Events out: from an envelope to a row for each group that listens.
//!
//! Sends of one process meet in a queue, and are written many at a time: one
//! statement, one commit, one wait for the disk.

use std::sync::Arc;

use anywise_core::{BoxFuture, Envelope, Error, Kind, Result, Sink};
use bytes::Bytes;
use sqlx::Row;

use crate::batch::Worker;
use crate::postgres::broker::error::away;
use crate::postgres::broker::head::{plain, write};
use crate::postgres::broker::{Broker, PostgresBroker};
use crate::postgres::worker::same;

/// Bytes of bodies in one statement, beyond the first.
const HEAVY: usize = 8 * 1024 * 1024;

/// An event on its way.
pub(crate) struct Outgoing {
    name: String,
    key: Option<String>,
    head: String,
    body: Bytes,
}

impl Sink for PostgresBroker {
    fn name(&self) -> &str {
        &self.settings.name
    }

    /// Done when it is committed, in a row for every group that listens.
    ///
    /// Dropping the future does not stop what is on its way.
    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let (size, most) = (envelope.body.len(), self.settings.max_size);
            if size > most {
                let text = format!("the body has {size} bytes; Postgres takes at most {most} here");
                return Err(Error::new(Kind::TooLarge, "AW2006", text));
            }
            let running = self.running()?;
            running.broker.open().await?;
            let frame = envelope.to_frame(&format!("/{}", self.settings.prefix));
            let outgoing = Outgoing {
                name: plain(&envelope.name).into_owned(),
                key: envelope.key.as_deref().map(|key| plain(key).into_owned()),
                head: write(&frame)?,
                body: envelope.body,
            };
            running.writer.ask(outgoing).await.map_err(|error| running.broker.own(error))
        })
    }
}

impl Broker {
    /// What the queue says, as a broker's error.
    fn own(&self, error: Error) -> Error {
        let is_of_queue = error.is_unknown_outcome() || error.code().starts_with("AW70");
        if is_of_queue { away(self.writing.address(), error.message()) } else { error }
    }

    /// Writes a batch; if the database refuses something in it, each alone.
    async fn publish(&self, batch: &[Outgoing]) -> Vec<Result<()>> {
        match self.try_publish(batch).await {
            Ok(()) => batch.iter().map(|_| Ok(())).collect(),
            Err(error) if batch.len() > 1 && error.kind() != Kind::Unavailable => {
                let mut results = Vec::with_capacity(batch.len());
                for one in batch.chunks(1) {
                    results.push(self.try_publish(one).await);
                }
                results
            }
            Err(error) => batch.iter().map(|_| Err(same(&error))).collect(),
        }
    }

    async fn try_publish(&self, batch: &[Outgoing]) -> Result<()> {
        let query = sqlx::query(self.sql.publish.text())
            .bind(batch.iter().map(|one| one.name.as_str()).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| one.key.as_deref()).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| one.head.as_str()).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| &one.body[..]).collect::<Vec<_>>());
        let rows = self.writing.rows("publishing", query).await?;
        let groups: sqlx::Result<Vec<String>> = rows.iter().map(|row| row.try_get(0)).collect();
        self.hints.tell(groups.map_err(|error| self.writing.error("publishing", error))?);
        Ok(())
    }
}

/// How many of a round go into one statement.
fn fitting(round: &[Outgoing]) -> usize {
    let mut heavy = 0;
    let fit = round.iter().take_while(|one| {
        let fits = heavy < HEAVY;
        heavy += one.body.len();
        fits
    });
    fit.count()
}

impl Worker for Broker {
    type Request = Outgoing;
    type Answer = ();

    const WHO: &'static str = "the broker's sender";

    fn work(self: Arc<Self>, round: Vec<Outgoing>) -> BoxFuture<'static, Vec<Result<()>>> {
        Box::pin(async move {
            let (mut rest, mut results) = (&round[..], Vec::with_capacity(round.len()));
            while !rest.is_empty() {
                let (batch, left) = rest.split_at(fitting(rest));
                results.extend(self.publish(batch).await);
                rest = left;
            }
            results
        })
    }
}
