//! The commit of everything one message's function did.
//!
//! The order is the promise: first the transaction, the deliveries of what was
//! recorded, and the end of the delivery at hand, in one commit; then what
//! nothing waits for.

use std::any::Any;
use std::sync::Arc;

use uuid::Uuid;

use crate::app::Inner;
use crate::context::scope::Scope;
use crate::error::Result;
use crate::ports::store::Batch;
use crate::walk::hold::Hold;
use crate::walk::nest::Nest;
use crate::walk::record::{Caused, Recorded};
use crate::walk::work::{Durable, Transaction, Work};

/// Commits what the message's function did; `reply` is what it answered.
///
/// # Errors
/// That nothing was committed; or a listener's answering command's own, where
/// there is no store to keep the command in.
pub async fn commit(scope: &mut Scope<'_>, reply: &(dyn Any + Send + Sync)) -> Result<()> {
    let Some(work) = scope.take_work() else { return Ok(()) };
    let hold = scope.existing().and_then(|extra| extra.head.hold.clone());
    let remember = scope.existing().and_then(|extra| extra.remember.clone());
    if work.is_empty() && hold.is_none() && remember.is_none() {
        return Ok(());
    }
    let mut commit = Commit::of(scope, work)?;
    if let Some(nest) = scope.nest() {
        return commit.join(&nest).await;
    }
    if commit.transaction.is_none() && (!commit.batch.is_empty() || remember.is_some()) {
        scope.waiting().map_or(Ok(()), |waiting| waiting.begin())?;
    }
    if let Some(remember) = remember {
        commit.batch.remember = remember.take(reply)?;
    }
    match hold.and_then(|hold| Some((hold.take()?, hold))) {
        Some((claim, hold)) => {
            commit.batch.done = Some(claim);
            commit.hand_over(Arc::clone(scope.app()), &hold).await
        }
        None => commit.finish(scope.app()).await,
    }
}

/// A commit that is ready to be made.
struct Commit {
    batch: Batch,
    transaction: Option<Box<dyn Transaction>>,
    /// Delivered in this process, after the commit.
    later: Vec<Caused>,
    /// Commands that the caller waits for, after the commit.
    answers: Vec<Caused>,
}

impl Commit {
    fn of(scope: &mut Scope<'_>, work: Work) -> Result<Self> {
        let Work { recorded, answers, cancel, transaction, kept } = work;
        let app = scope.app();
        let mut sorted = Sorted { ordinal: 0, batch: Batch::default(), here: Vec::new() };
        for (batch, later) in kept.parts {
            sorted.batch.append.extend(batch.append);
            sorted.batch.cancel.extend(batch.cancel);
            sorted.here.extend(later);
        }
        for one in recorded {
            sorted.add(app, scope, one, app.store.is_some())?;
        }
        let later = std::mem::take(&mut sorted.here);
        // The answer to a delivery is durable as the delivery is; that to a
        // message in memory is waited for.
        let durable = app.store.is_some() && scope.head().hold.is_some();
        for one in answers {
            sorted.add(app, scope, one, durable)?;
        }
        let Sorted { mut batch, here: answers, .. } = sorted;
        batch.cancel.extend(cancel);
        Ok(Self { batch, transaction, later, answers })
    }

    /// Leaves it to the transaction that it joins.
    async fn join(self, nest: &Nest) -> Result<()> {
        let Self { batch, transaction, mut later, answers } = self;
        if let Some(transaction) = transaction {
            transaction.commit(Batch::default()).await?.await?;
        }
        later.extend(answers);
        nest.keep(batch, later);
        Ok(())
    }

    /// Stages the commit and leaves the rest of it to the relay.
    async fn hand_over(self, app: Arc<Inner>, hold: &Hold) -> Result<()> {
        let Self { batch, transaction, mut later, answers } = self;
        later.extend(answers);
        let durable: Durable = if let Some(transaction) = transaction {
            transaction.commit(batch).await?
        } else {
            let app = Arc::clone(&app);
            Box::pin(async move { app.keep(batch).await })
        };
        hold.staged(Box::pin(async move {
            durable.await?;
            app.deliver_later(later);
            Ok(())
        }));
        Ok(())
    }

    /// Makes the commit, and waits for it and the answers.
    async fn finish(self, app: &Arc<Inner>) -> Result<()> {
        let Self { batch, transaction, later, answers } = self;
        match transaction {
            Some(transaction) => transaction.commit(batch).await?.await?,
            None => app.keep(batch).await?,
        }
        app.deliver_later(later);
        for (answer, extra) in answers {
            answer.deliver(app, extra).await?;
        }
        Ok(())
    }
}

/// Recorded messages, by where they go.
struct Sorted {
    ordinal: usize,
    batch: Batch,
    here: Vec<Caused>,
}

impl Sorted {
    fn add(&mut self, app: &Inner, scope: &mut Scope<'_>, recorded: Recorded, durable: bool) -> Result<()> {
        let Recorded { message, due, id } = recorded;
        let mut extra = scope.caused_event();
        extra.head.id = id.or_else(|| self.child(scope));
        if durable && !message.meta().is_local() {
            let envelope = message.seal(app, &mut extra)?;
            let deliveries = message.deliveries(app, envelope)?;
            self.batch.append.extend(deliveries.into_iter().map(|one| one.due(due)));
        } else {
            self.here.push((message, Some(extra)));
        }
        Ok(())
    }

    /// The id of a message that a delivery causes is made from the delivery's
    /// own, so that a second run causes the same messages, not more.
    fn child(&mut self, scope: &mut Scope<'_>) -> Option<Uuid> {
        scope.head().hold.as_ref()?;
        self.ordinal += 1;
        let name = format!("{}/{}", scope.function(), self.ordinal);
        Some(Uuid::new_v5(&scope.head().id(), name.as_bytes()))
    }
}
