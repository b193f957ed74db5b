//! Events out: from an envelope to a row for each group that listens.
//!
//! Sends of one process meet in a queue, and are written many at a time: one
//! statement, one commit, one wait for the disk.

use std::collections::BTreeSet;
use std::sync::Arc;

use anywise_core::{BoxFuture, Envelope, Error, Kind, Result, Sink};
use bytes::Bytes;

use crate::batch::Worker;
use crate::postgres::broker::error::away;
use crate::postgres::broker::head::{plain, write};
use crate::postgres::broker::hints::of_event;
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
    /// Its place among the events of its key is taken at the call, unless more wait
    /// than there is room for. Dropping the future does not stop what is on its way.
    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        self.hand_in(envelope).unwrap_or_else(|error| Box::pin(std::future::ready(Err(error))))
    }
}

impl PostgresBroker {
    fn hand_in(&self, envelope: Envelope) -> Result<BoxFuture<'_, Result<()>>> {
        let (size, most) = (envelope.body.len(), self.settings.max_size);
        if size > most {
            let text = format!("the body has {size} bytes; Postgres takes at most {most} here");
            return Err(Error::new(Kind::TooLarge, "AW2006", text));
        }
        let frame = envelope.to_frame(&self.source);
        let outgoing = Outgoing {
            name: plain(envelope.name),
            key: envelope.key.map(plain),
            head: write(&frame)?,
            body: envelope.body,
        };
        let running = self.running()?;
        let (broker, sends) = (&*running.broker, &running.sends);
        Ok(match sends.hand_in(outgoing) {
            Ok(answer) => Box::pin(async { answer.wait().await.map_err(|error| broker.own(error)) }),
            Err(outgoing) => Box::pin(async { sends.ask(outgoing).await.map_err(|error| broker.own(error)) }),
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
        self.open().await?;
        let query = sqlx::query(self.sql.publish.text())
            .bind(batch.iter().map(|one| one.name.as_str()).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| one.key.as_deref()).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| one.head.as_str()).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| &one.body[..]).collect::<Vec<_>>());
        if self.writing.run("publishing", query).await? > 0 {
            let names: BTreeSet<_> = batch.iter().map(|one| &*one.name).collect();
            self.hints.tell(names.into_iter().map(of_event));
        }
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
