//! What a handler does: nothing, or one row in a transaction of its own. An
//! apalis job is marked done after its handler, in another transaction, which
//! a handler cannot join.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use apalis::prelude::{BoxDynError, Data};
use sqlx::{PgPool, SqlitePool};
use tokio::sync::Notify;

use crate::message::Happened;

/// The table that the effect goes to.
pub(crate) const TABLE: &str = "CREATE TABLE effect (n BIGINT NOT NULL, account TEXT NOT NULL)";

const INSERT: &str = "INSERT INTO effect (n, account) VALUES ($1, $2)";

/// Where the row goes.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    None,
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Effect {
    async fn take_place(&self, event: Happened) -> Result<(), BoxDynError> {
        let n = i64::try_from(event.n)?;
        match self {
            Self::None => {}
            Self::Sqlite(pool) => {
                sqlx::query(INSERT).bind(n).bind(event.account).execute(pool).await?;
            }
            Self::Postgres(pool) => {
                sqlx::query(INSERT).bind(n).bind(event.account).execute(pool).await?;
            }
        }
        Ok(())
    }
}

/// How many handlers have finished, and a bell for the last.
#[derive(Debug, Default)]
pub(crate) struct Count {
    done: AtomicUsize,
    bell: Notify,
}

impl Count {
    /// Waits until so many have finished.
    pub(crate) async fn reach(&self, count: usize) {
        loop {
            let bell = self.bell.notified();
            if self.done.load(Ordering::SeqCst) >= count {
                return;
            }
            bell.await;
        }
    }
}

/// The handler.
pub(crate) async fn handle(
    event: Happened,
    effect: Data<Effect>,
    count: Data<Arc<Count>>,
) -> Result<(), BoxDynError> {
    effect.take_place(event).await?;
    count.done.fetch_add(1, Ordering::SeqCst);
    count.bell.notify_waiters();
    Ok(())
}
