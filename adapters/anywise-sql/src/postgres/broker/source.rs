//! Events in: what one process holds of a group, and how it tells the server what
//! became of it.
//!
//! A message is held by the source's own id and by which time it was given out, so
//! that nobody settles what another has.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anywise_core::{BoxFuture, Error, Incoming, Outcome, Result, Source, Tag};
use sqlx::Row;

use crate::postgres::broker::error::away;
use crate::postgres::broker::head::plain;
use crate::postgres::broker::hints::of_group;
use crate::postgres::broker::line::Query;
use crate::postgres::broker::reader::{Given, Reader};
use crate::postgres::broker::{Broker, Place};
use crate::postgres::round::micros;
use crate::postgres::statements::Sql;

/// What waits is counted up to here.
const COUNTED: i64 = 100_000;

/// The subscription of a group in one process.
pub(super) struct PostgresSource {
    reader: Arc<Reader>,
}

/// How messages ended, by what is done about it.
#[derive(Default)]
struct Settled {
    done: Vec<Given>,
    again: Vec<(Given, Duration)>,
    dead: Vec<(Given, String)>,
}

impl PostgresSource {
    pub(super) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }

    /// A statement about messages that this source holds.
    fn about<'q>(&self, sql: &Sql, given: impl Iterator<Item = &'q Given> + Clone) -> Query<'q> {
        sqlx::query(sql.text())
            .bind(self.reader.owner)
            .bind(given.clone().map(|one| one.id).collect::<Vec<_>>())
            .bind(given.map(|one| one.times).collect::<Vec<_>>())
    }

    async fn settle_all(&self, settled: Vec<(Tag, Outcome)>) -> Result<()> {
        let (broker, count) = (&self.reader.broker, settled.len() as u64);
        let settled = Settled::from(settled);
        let mut told = 0;
        if !settled.done.is_empty() {
            let query = self.about(&broker.sql.done, settled.done.iter());
            told += broker.control.run("settling", query).await?;
        }
        if !settled.dead.is_empty() {
            let (dead, reasons): (Vec<_>, Vec<_>) = settled.dead.into_iter().unzip();
            let query = self.about(&broker.sql.bury, dead.iter());
            told += broker.control.run("keeping a dead letter", query.bind(reasons)).await?;
        }
        if !settled.again.is_empty() {
            let waits: Vec<_> = settled.again.iter().map(|(_, wait)| micros(*wait)).collect();
            let query = self.about(&broker.sql.again, settled.again.iter().map(|(given, _)| given));
            told += broker.control.run("giving back", query.bind(waits)).await?;
            settled.again.iter().for_each(|(_, wait)| self.reader.look_after(*wait));
        }
        if told < count {
            let text = format!("{} messages are not held any more", count - told);
            return Err(away(broker.control.address(), text));
        }
        Ok(())
    }

    async fn extend_all(&self, mut tags: Vec<Tag>) -> Result<()> {
        tags.extend(self.reader.waiting());
        let (broker, given) = (&self.reader.broker, tags.into_iter().map(Given::of).collect::<Vec<_>>());
        let query = self.about(&broker.sql.extend, given.iter()).bind(micros(broker.settings.hold));
        // One that is missing was settled meanwhile, or is another's.
        broker.control.run("extending", query).await.map(drop)
    }

    async fn count_waiting(&self) -> Result<u64> {
        let broker = &self.reader.broker;
        let query = sqlx::query(broker.sql.lag.text()).bind(self.reader.group()).bind(COUNTED);
        let what = "asking what waits";
        let rows = broker.control.rows(what, query).await?;
        let count = rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0));
        let count = count.map_err(|error| broker.control.error(what, error))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

impl From<Vec<(Tag, Outcome)>> for Settled {
    fn from(all: Vec<(Tag, Outcome)>) -> Self {
        let mut settled = Self::default();
        for (tag, outcome) in all {
            let given = Given::of(tag);
            match outcome {
                Outcome::Retry(after) => settled.again.push((given, after)),
                Outcome::Stop => settled.again.push((given, Duration::ZERO)),
                Outcome::DeadLetter(reason) | Outcome::Park(reason) => {
                    settled.dead.push((given, plain(reason)));
                }
                _ => settled.done.push(given),
            }
        }
        settled
    }
}

impl Source for PostgresSource {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(self.reader.receive(most))
    }

    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.settle_all(settled))
    }

    fn extend(&self, held: Vec<Tag>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.extend_all(held))
    }

    /// Counted up to 100 000.
    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(async {
            self.reader.ask_for_events().await?;
            self.count_waiting().await.map(Some)
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            if self.reader.is_closed.swap(true, Ordering::SeqCst) {
                return Ok(());
            }
            // In a task of its own: half given back is not given back.
            let leaving = tokio::spawn(leave(Arc::clone(&self.reader)));
            leaving
                .await
                .unwrap_or_else(|error| Err(Error::internal(format!("closing ended early: {error}"))))
        })
    }
}

impl Drop for PostgresSource {
    fn drop(&mut self) {
        if self.reader.is_closed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.reader.broker.abandon(self.reader.place());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let reader = Arc::clone(&self.reader);
            runtime.spawn(async move {
                if let Err(error) = leave(reader).await {
                    tracing::debug!(%error, "what was held comes again later");
                }
            });
        }
    }
}

/// Ends a source: what it holds is there for others.
async fn leave(reader: Arc<Reader>) -> Result<()> {
    let (broker, place) = (&reader.broker, reader.place());
    broker.abandon(place.clone());
    reader.end().await;
    broker.give_back(&place).await
}

impl Broker {
    /// Remembers a source that may still hold something.
    fn abandon(&self, place: Place) {
        let mut abandoned = self.abandoned();
        abandoned.retain(|known| *known != place);
        abandoned.push(place);
    }

    /// Gives back what sources of this process hold that ended while the server was
    /// away.
    pub(super) async fn give_back_abandoned(&self) -> Result<()> {
        let places = self.abandoned().clone();
        for place in &places {
            self.give_back(place).await?;
        }
        Ok(())
    }

    async fn give_back(&self, place: &Place) -> Result<()> {
        let query = sqlx::query(self.sql.give_back.text()).bind(&place.group).bind(place.owner);
        let count = self.control.run("giving back", query).await?;
        self.abandoned().retain(|known| known != place);
        if count > 0 {
            self.hints.tell([of_group(&place.group)]);
        }
        Ok(())
    }
}
