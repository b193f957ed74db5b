//! The port, answered by the writer and by the connections for reading.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anywise_core::{
    Acceptance, AppBuilder, Arrival, Batch, BoxFuture, Claim, Claims, DeadLetter, DeadLetterId, DeadLetters,
    Delivery, Depth, Error, Memory, Outcome, Remembered, Result, Retention, Settlement, Store, StoreTraits,
    Timestamp, Want,
};
use bytes::Bytes;
use uuid::Uuid;

use crate::database::{Any, Sqlite};
use crate::error::{Refusal, from_sqlx};
use crate::failpoint::point;
use crate::reader::{Pools, Reader};
use crate::sqlite::inbox::Noted;
use crate::sqlite::lock::cannot;
use crate::sqlite::plain::now;
use crate::sqlite::reads;
use crate::sqlite::request::{Plain, PlainReply, Request, Sweep};
use crate::sqlite::shared::Shared;
use crate::sqlite::stats::SqliteStats;

/// The store on SQLite; opened by [`Sqlite::open`].
///
/// One process has the file, and one task writes to it: what comes while it
/// commits shares the next commit. `synchronous` is `FULL`: what was
/// acknowledged survives a loss of power.
#[derive(Debug)]
pub struct SqliteStore(Arc<Shared>);

impl SqliteStore {
    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Reads outside of a transaction.
    pub fn reader(&self) -> Reader<Sqlite> {
        Reader::new(self.pools())
    }

    /// What the writer has done so far.
    pub fn stats(&self) -> SqliteStats {
        self.0.common.counters.read()
    }

    /// Waits until the store has failed for good: the disk can be trusted no
    /// more, and everything answers with `AW7003`. The process should end; what
    /// was acknowledged is there at the next start.
    pub async fn failed(&self) -> Error {
        self.0.common.failed().await
    }

    fn pools(&self) -> Pools {
        Pools::Sqlite(self.0.readers.clone())
    }

    /// Reads, unless the store has failed.
    fn read<'a, T: Send>(
        &'a self,
        read: impl Future<Output = sqlx::Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            match self.0.common.failure() {
                None => read.await.map_err(from_sqlx),
                Some(failure) => Err(Refusal::into_error(failure)),
            }
        })
    }
}

impl Store for SqliteStore {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn traits(&self) -> StoreTraits {
        StoreTraits::durable().transactions(&["sqlite", "sql"])
    }

    fn install(self: Arc<Self>, builder: AppBuilder) -> AppBuilder {
        builder.provide(self.reader()).provide(Reader::<Any>::new(self.pools()))
    }

    fn open<'a>(&'a self, slices: &'a [&'static str]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.0.ask(|reply| Request::Migrate(slices.to_vec(), reply)))
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if batch.is_empty() {
                return Ok(());
            }
            let ready = batch.into();
            self.0.ask(|reply| Request::Plain(Plain { ready, reply: PlainReply::Commit(reply) })).await
        })
    }

    fn accept(&self, arrivals: Vec<Arrival>) -> BoxFuture<'_, Result<Vec<Acceptance>>> {
        Box::pin(async move {
            if arrivals.is_empty() {
                return Ok(Vec::new());
            }
            let arrivals = arrivals.into_iter().map(Noted::from).collect();
            self.0.ask(|reply| Request::Accept(arrivals, reply)).await
        })
    }

    fn claim<'a>(&'a self, wants: &'a [Want], alone: bool) -> BoxFuture<'a, Result<Claims>> {
        Box::pin(self.0.ask(move |reply| Request::Claim { wants: wants.to_vec(), alone, reply }))
    }

    fn begin(&self, claim: Claim) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            if let Some(failure) = self.0.common.failure() {
                return Err(failure.into_error());
            }
            let begun = self.0.work.begin(claim);
            point("queue.after_begin").await?;
            begun.map_err(|error| cannot("the lock file cannot be written", error))
        })
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.0.ask(|reply| match settlement.outcome {
            Outcome::Done(_) | Outcome::Skip => {
                let mut batch = Batch::default();
                batch.done = Some(settlement.claim);
                Request::Plain(Plain { ready: batch.into(), reply: PlainReply::Settle(reply) })
            }
            _ => Request::Settle(settlement, reply),
        }))
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> BoxFuture<'a, Result<Vec<Claim>>> {
        self.read(reads::held(&self.0.readers, claims))
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.common.ready.notified())
    }

    fn recall<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Option<Remembered>>> {
        self.read(reads::recall(&self.0.readers, memory))
    }

    fn fire<'a>(&'a self, name: &'a str, due: Timestamp, delivery: Delivery) -> BoxFuture<'a, Result<bool>> {
        let delivery = Box::new(delivery);
        Box::pin(self.0.ask(move |reply| Request::Fire { name: name.to_owned(), due, delivery, reply }))
    }

    fn last_fired<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        self.read(reads::last_fired(&self.0.readers, name))
    }

    fn cancel(&self, message: Uuid) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.0.ask(move |reply| Request::Cancel(message, reply)))
    }

    fn depth(&self) -> BoxFuture<'_, Result<Vec<Depth>>> {
        self.read(reads::depth(&self.0.readers))
    }

    fn dead_letters(&self, which: DeadLetters) -> BoxFuture<'_, Result<Vec<DeadLetter>>> {
        self.read(async move { reads::dead_letters(&self.0.readers, &which).await })
    }

    fn replay(&self, id: DeadLetterId, body: Option<Bytes>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.0.ask(move |reply| Request::Replay(id, body, reply)))
    }

    fn discard(&self, id: DeadLetterId) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.0.ask(move |reply| Request::Discard(id, reply)))
    }

    fn sweep<'a>(&'a self, retention: &'a Retention) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let sweep = self.surpluses(retention).await.map_err(from_sqlx)?;
            self.0.ask(|reply| Request::Sweep(sweep, reply)).await
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.0.ask(Request::Close))
    }
}

impl SqliteStore {
    async fn surpluses(&self, retention: &Retention) -> sqlx::Result<Sweep> {
        let (replies, letters) =
            ("SELECT count(*) FROM aw_memory", "SELECT count(*) FROM aw_dead WHERE settled IS NOT NULL");
        // Numbers without gaps: only the oldest are removed.
        let inbox = "SELECT coalesce(max(id) - min(id) + 1, 0) FROM aw_inbox";
        let now = now();
        Ok(Sweep {
            inbox_before: now.saturating_sub(millis(retention.inbox)),
            surplus_inbox: reads::surplus(&self.0.readers, inbox, retention.most_inbox).await?,
            replies_before: now.saturating_sub(millis(retention.replies)),
            surplus_replies: reads::surplus(&self.0.readers, replies, retention.most_replies).await?,
            letters_before: now.saturating_sub(millis(retention.settled_dead_letters)),
            surplus_letters: reads::surplus(&self.0.readers, letters, retention.most_settled_dead_letters)
                .await?,
            batch: i64::from(retention.batch),
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
