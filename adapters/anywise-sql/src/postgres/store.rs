//! The port, on Postgres.
//!
//! What changes something runs in a task of its own; what only reads, does not.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anywise_core::{
    Acceptance, AppBuilder, Arrival, Batch, BoxFuture, Claim, Claims, DeadLetter, DeadLetterId, DeadLetters,
    Delivery, Depth, Error, Memory, Outcome, Remembered, Result, Retention, Settlement, Store, StoreTraits,
    Want,
};
use bytes::Bytes;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::postgres::PgRow;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::from_sqlx;
use crate::failpoint::point;
use crate::postgres::job::{Job, News, Verdict};
use crate::postgres::lanes::{Concerned, lock};
use crate::postgres::round::{append, micros, release};
use crate::postgres::transaction::Transaction;
use crate::postgres::{PostgresStore, Shared, claiming, inbox, letters, migrate};
use crate::reader::Pools;
use crate::row::Stored;
use crate::{Database, Postgres, Reader};

impl Store for PostgresStore {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn traits(&self) -> StoreTraits {
        StoreTraits::durable()
            .shared(self.shared().options.lease / 3)
            .transactions(&[Postgres::RESOURCE, crate::Any::RESOURCE])
    }

    fn install(self: Arc<Self>, builder: AppBuilder) -> AppBuilder {
        let pools = || Pools::Postgres(self.shared().readers.clone());
        builder.provide(Reader::<Postgres>::new(pools())).provide(Reader::<crate::Any>::new(pools()))
    }

    fn open<'a>(&'a self, slices: &'a [&'static str]) -> BoxFuture<'a, Result<()>> {
        let (shared, slices) = (Arc::clone(self.shared()), slices.to_vec());
        apart(async move { migrate::migrate(&shared, &slices).await })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let done = batch.done;
            let verdict = self.batcher.ask(Job::from(batch)).await;
            if let Some(claim) = done {
                self.shared().holds.let_go(claim.id);
            }
            verdict?.of_commit()
        })
    }

    fn accept(&self, arrivals: Vec<Arrival>) -> BoxFuture<'_, Result<Vec<Acceptance>>> {
        let shared = Arc::clone(self.shared());
        apart(async move { inbox::accept(&shared, arrivals).await })
    }

    fn claim<'a>(&'a self, wants: &'a [Want], alone: bool) -> BoxFuture<'a, Result<Claims>> {
        let (shared, wants) = (Arc::clone(self.shared()), wants.to_vec());
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            tokio::spawn(async move {
                let claims = claiming::claim(&shared, &wants, alone).await;
                // Nobody wants them any more.
                if let Err(Ok(Claims { claimed, .. })) = sender.send(claims) {
                    claiming::give_back(&shared, claimed.iter().map(|one| one.claim)).await;
                }
            });
            receiver.await.unwrap_or_else(|_| Err(panicked()))
        })
    }

    fn begin(&self, claim: Claim) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let begun = self.beginners.ask(claim).await?;
            if !begun {
                self.shared().holds.let_go(claim.id);
            }
            Ok(begun)
        })
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            if matches!(settlement.outcome, Outcome::DeadLetter(_) | Outcome::Park(_)) {
                point("dead.before_insert").await?;
            }
            point("queue.before_finish").await?;
            let id = settlement.claim.id;
            let verdict = self.batcher.ask(Job::from(settlement)).await;
            self.shared().holds.let_go(id);
            point("queue.after_finish").await?;
            Ok(verdict? == Verdict::Kept)
        })
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> BoxFuture<'a, Result<Vec<Claim>>> {
        let (shared, claims) = (Arc::clone(self.shared()), claims.to_vec());
        apart(async move { claiming::renew(&shared, &claims).await })
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.shared().ready.notified())
    }

    fn recall<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Option<Remembered>>> {
        let query = sqlx::query(self.shared().sql.recall.text()).bind(memory.as_str());
        Box::pin(async move {
            let row = query.fetch_optional(&self.shared().readers).await.map_err(from_sqlx)?;
            row.map(|row| remembered(memory, &row)).transpose().map_err(from_sqlx)
        })
    }

    fn fire<'a>(&'a self, name: &'a str, due: Timestamp, delivery: Delivery) -> BoxFuture<'a, Result<bool>> {
        let (shared, name) = (Arc::clone(self.shared()), name.to_owned());
        apart(async move { fire(&shared, &name, due, delivery).await })
    }

    fn last_fired<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        let query = sqlx::query_scalar::<_, i64>(self.shared().sql.last_fired.text()).bind(name);
        Box::pin(async move {
            let micros = query.fetch_optional(&self.shared().readers).await.map_err(from_sqlx)?;
            Ok(micros.map(|micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)))
        })
    }

    fn cancel(&self, message: Uuid) -> BoxFuture<'_, Result<bool>> {
        let shared = Arc::clone(self.shared());
        apart(async move { cancel(&shared, message).await })
    }

    fn depth(&self) -> BoxFuture<'_, Result<Vec<Depth>>> {
        Box::pin(async move {
            let query = sqlx::query(self.shared().sql.depth.text());
            let rows = query.fetch_all(&self.shared().readers).await.map_err(from_sqlx)?;
            rows.iter().map(depth).collect::<sqlx::Result<_>>().map_err(from_sqlx)
        })
    }

    fn dead_letters(&self, which: DeadLetters) -> BoxFuture<'_, Result<Vec<DeadLetter>>> {
        Box::pin(async move { letters::find(self.shared(), &which).await.map_err(from_sqlx) })
    }

    fn replay(&self, id: DeadLetterId, body: Option<Bytes>) -> BoxFuture<'_, Result<bool>> {
        let shared = Arc::clone(self.shared());
        apart(async move { letters::replay(&shared, id, body).await })
    }

    fn discard(&self, id: DeadLetterId) -> BoxFuture<'_, Result<bool>> {
        let shared = Arc::clone(self.shared());
        apart(async move { letters::discard(&shared, id).await })
    }

    fn sweep<'a>(&'a self, retention: &'a Retention) -> BoxFuture<'a, Result<u64>> {
        let (shared, retention) = (Arc::clone(self.shared()), *retention);
        apart(async move { sweep(&shared, &retention).await })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        let (shared, stop) = (Arc::clone(self.shared()), self.stop());
        apart(async move {
            drop(stop);
            let given_back = give_back(&shared).await;
            shared.sessions.close().await;
            shared.passing.close().await;
            shared.own.close().await;
            shared.readers.close().await;
            given_back
        })
    }
}

/// Runs in a task of its own, so that no caller drops it half way.
fn apart<'a, T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> BoxFuture<'a, Result<T>> {
    Box::pin(async move { tokio::spawn(work).await.unwrap_or_else(|_| Err(panicked())) })
}

fn panicked() -> Error {
    Error::unknown_outcome("the store panicked while it carried this out")
}

fn remembered(memory: &Memory, row: &PgRow) -> sqlx::Result<Remembered> {
    let reply = Bytes::from(row.try_get::<Vec<u8>, _>("reply")?);
    let content_type: String = row.try_get("content_type")?;
    Ok(Remembered::new(memory.clone(), row.try_get("fingerprint")?, content_type, reply))
}

async fn fire(shared: &Arc<Shared>, name: &str, due: Timestamp, delivery: Delivery) -> Result<bool> {
    let new = Stored::from(delivery);
    let mut transaction = Transaction::begin(&shared.own).await.map_err(from_sqlx)?;
    lock(shared, &mut transaction, &Concerned::of(&new)).await?;
    let query = sqlx::query(shared.sql.fire.text()).bind(name).bind(due.as_microsecond());
    let fired = query.execute(transaction.raw()).await.map_err(from_sqlx)?;
    if fired.rows_affected() == 0 {
        transaction.rollback().await;
        return Ok(false);
    }
    point("timer.after_claim").await?;
    let keys = append(&shared.sql, &mut transaction, &[&new]).await.map_err(from_sqlx)?;
    release(&shared.sql, &mut transaction, keys.into_iter()).await.map_err(from_sqlx)?;
    transaction.commit(&shared.own).await?;
    shared.announce(News::Ready);
    Ok(true)
}

async fn cancel(shared: &Arc<Shared>, message: Uuid) -> Result<bool> {
    let mut transaction = Transaction::begin(&shared.own).await.map_err(from_sqlx)?;
    lock(shared, &mut transaction, &Concerned { messages: vec![message], ..Concerned::default() }).await?;
    let query = sqlx::query(shared.sql.cancel.text()).bind(vec![message]);
    let rows = query.fetch_all(transaction.raw()).await.map_err(from_sqlx)?;
    letters::end(shared, transaction, &rows).await
}

fn depth(row: &PgRow) -> sqlx::Result<Depth> {
    let number =
        |column| row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or_default());
    let mut depth = Depth::of(row.try_get::<String, _>("target")?);
    depth.ready = number("ready")?;
    depth.scheduled = number("scheduled")?;
    depth.retrying = number("retrying")?;
    depth.claimed = number("claimed")?;
    depth.blocked = number("blocked")?;
    depth.dead = number("dead")?;
    let oldest = row.try_get::<Option<i64>, _>("oldest")?.unwrap_or_default();
    depth.oldest = Duration::from_micros(u64::try_from(oldest).unwrap_or_default());
    Ok(depth)
}

async fn sweep(shared: &Arc<Shared>, retention: &Retention) -> Result<u64> {
    let replies = (retention.replies, retention.most_replies);
    let letters = (retention.settled_dead_letters, retention.most_settled_dead_letters);
    let inbox = (retention.inbox, retention.most_inbox);
    let mut swept = sweep_one(shared, &shared.sql.sweep_replies, replies, retention.batch).await?;
    point("gc.mid_batch").await?;
    swept += sweep_one(shared, &shared.sql.sweep_dead, letters, retention.batch).await?;
    swept += sweep_one(shared, &shared.sql.sweep_inbox, inbox, retention.batch).await?;
    Ok(swept)
}

async fn sweep_one(
    shared: &Arc<Shared>,
    sql: &crate::postgres::statements::Sql,
    (age, most): (Duration, u64),
    batch: u32,
) -> Result<u64> {
    let mut connection = shared.own.get().await.map_err(from_sqlx)?;
    let query = sqlx::query(sql.text())
        .bind(micros(age))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .bind(i64::from(batch));
    let swept = query.execute(connection.raw()).await;
    connection.put_back_after(&swept);
    Ok(swept.map_err(from_sqlx)?.rows_affected())
}

async fn give_back(shared: &Arc<Shared>) -> Result<()> {
    point("shutdown.before_release").await?;
    let mut connection = shared.own.get().await.map_err(from_sqlx)?;
    let given = sqlx::query(shared.sql.give_back.text()).bind(&shared.owner).execute(connection.raw()).await;
    connection.put_back_after(&given);
    given.map(drop).map_err(from_sqlx)
}
