//! A transaction that several functions write in, one called by the other.
//!
//! A function that is called within another's transaction has its part of it
//! behind a savepoint. While it is at work it has the session; then it gives it
//! back, and says whether its part is to be undone. Undoing is left to whoever
//! uses the session next: the function may have gone away without a word.

use std::sync::Arc;

use anywise_core::{Batch, BoxFuture, Durable, Kind, Nest, Result, Transaction};

use crate::error::{Refusal, from_sqlx};
use crate::session::{Origin, Session};

/// An open session, and what is to be done in it first.
pub(crate) struct Held {
    session: Session,
    /// Savepoints that are set.
    depth: u32,
    /// The savepoints from this one on are to be undone.
    undo: Option<u32>,
}

impl Held {
    pub(crate) fn new(session: Session) -> Self {
        Self { session, depth: 0, undo: None }
    }

    /// The session, when everything is undone that is to be.
    pub(crate) async fn ready(&mut self) -> sqlx::Result<&mut Session> {
        if let Some(from) = self.undo {
            self.session.act(format!("ROLLBACK TO SAVEPOINT aw_nested_{from}")).await?;
            self.session.act(format!("RELEASE SAVEPOINT aw_nested_{from}")).await?;
            (self.undo, self.depth) = (None, from - 1);
        }
        Ok(&mut self.session)
    }

    /// A function has gone away: its part, and what is within it, is undone.
    fn undo(&mut self, from: u32) {
        self.undo = Some(self.undo.map_or(from, |earlier| earlier.min(from)));
    }
}

impl Transaction for Held {
    fn commit(mut self: Box<Self>, batch: Batch) -> BoxFuture<'static, Result<Durable>> {
        Box::pin(async move {
            self.ready().await.map_err(from_sqlx)?;
            self.session.commit(batch).await
        })
    }
}

/// Another function's transaction, joined.
pub(crate) struct Nested {
    nest: Arc<Nest>,
    /// There, unless it is lent on.
    held: Option<Held>,
    savepoint: u32,
    /// The part was kept: dropping this undoes nothing.
    kept: bool,
}

impl Nested {
    /// Joins what was lent; opens it, if it was not open.
    pub(crate) async fn join(
        nest: &Arc<Nest>,
        origin: &Origin,
        function: &'static str,
    ) -> sqlx::Result<Self> {
        let held: Option<Held> = nest.take().ok_or_else(lost)?;
        // From here on it is given back, whatever happens.
        let mut nested = Self { nest: Arc::clone(nest), held, savepoint: 0, kept: false };
        if nested.held.is_none() {
            nested.held = Some(Held::new(origin.open(function).await?));
        }
        let held = nested.held.as_mut().expect("it is opened just above");
        let savepoint = {
            held.ready().await?;
            held.depth + 1
        };
        held.session.act(format!("SAVEPOINT aw_nested_{savepoint}")).await?;
        held.depth = savepoint;
        nested.savepoint = savepoint;
        Ok(nested)
    }

    pub(crate) fn held(&mut self) -> sqlx::Result<&mut Held> {
        self.held.as_mut().ok_or_else(lost)
    }

    /// Lends it on.
    pub(crate) fn lend(&mut self) -> Option<Held> {
        self.held.take()
    }

    pub(crate) fn take_back(&mut self, held: Option<Held>) {
        self.held = held;
    }
}

impl Transaction for Nested {
    /// Keeps this function's part; the batch is the other's to commit.
    fn commit(mut self: Box<Self>, _: Batch) -> BoxFuture<'static, Result<Durable>> {
        Box::pin(async move {
            let savepoint = self.savepoint;
            let held = self.held().map_err(from_sqlx)?;
            let session = held.ready().await.map_err(from_sqlx)?;
            session.act(format!("RELEASE SAVEPOINT aw_nested_{savepoint}")).await.map_err(from_sqlx)?;
            held.depth = savepoint - 1;
            self.kept = true;
            let durable: Durable = Box::pin(async { Ok(()) });
            Ok(durable)
        })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        let mut held = self.held.take();
        if let Some(held) = held.as_mut().filter(|_| !self.kept && self.savepoint > 0) {
            held.undo(self.savepoint);
        }
        self.nest.put(held);
    }
}

/// `AW7012`: two functions at once in one transaction.
pub(crate) fn lost() -> sqlx::Error {
    let text =
        "the transaction is at work in another function that was sent `.within` it, or has gone with it";
    Refusal::new(Kind::Internal, "AW7012", text).into_sqlx()
}
