//! The application that is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anywise::prelude::*;
use anywise::sql::{Any, Tx, sqlx};
use anywise::{Event, RelayPolicy, Store};
use tokio::sync::{Notify, Semaphore};

/// An event of 200 bytes of body or so, for one slice alone: on a shared store
/// an event is kept for the listeners of all slices, here or not.
macro_rules! happened {
    ($name:literal) => {
        #[event(name = $name)]
        pub(crate) struct Happened {
            pub(crate) n: u64,
            pub(crate) account: String,
            pub(crate) text: String,
        }

        impl Happened {
            pub(crate) fn new(n: u64) -> Self {
                Self {
                    n,
                    account: format!("account-{n}"),
                    text: "something that happened, told at length. ".repeat(3),
                }
            }
        }
    };
}

/// Nobody finishes with it: publishing is measured alone.
pub(crate) mod stuck {
    use super::{Result, Semaphore, event, listen};

    anywise::slice!(pub(crate) SLICE = "stuck");

    happened!("bench.Stuck");

    #[listen(concurrency = 1)]
    async fn waits(_: &Happened, gate: &Semaphore) -> Result<()> {
        drop(gate.acquire().await);
        Ok(())
    }
}

/// An effect in the store's own database.
pub(crate) mod effect {
    use super::{Any, Count, Result, Tx, event, listen, sqlx};

    anywise::slice!(pub(crate) SLICE = "effect");

    happened!("bench.Effect");

    anywise::sql::migrations!("effect", ["0001_effect" => "CREATE TABLE effect (n BIGINT NOT NULL, account TEXT NOT NULL)"]);

    #[listen]
    async fn writes(event: &Happened, tx: &mut Tx<Any>, count: &Count) -> Result<()> {
        let n = i64::try_from(event.n).unwrap_or_default();
        let insert = sqlx::query("INSERT INTO effect (n, account) VALUES ($1, $2)");
        insert.bind(n).bind(event.account.clone()).execute(&mut *tx).await?;
        count.add();
        Ok(())
    }
}

/// An effect elsewhere.
pub(crate) mod plain {
    use super::{Count, event, listen};

    anywise::slice!(pub(crate) SLICE = "plain");

    happened!("bench.Plain");

    #[listen]
    async fn counts(_: &Happened, count: &Count) {
        count.add();
    }
}

/// How many were handled, and a bell for the last.
#[derive(Default)]
pub(crate) struct Count {
    done: AtomicUsize,
    last: AtomicUsize,
    bell: Notify,
}

impl Count {
    fn add(&self) {
        let done = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        if done >= self.last.load(Ordering::SeqCst) {
            self.bell.notify_waiters();
        }
    }

    pub(crate) fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// Waits until so many were handled.
    pub(crate) async fn reach(&self, count: usize) {
        self.last.store(count, Ordering::SeqCst);
        loop {
            let bell = self.bell.notified();
            if self.done() >= count {
                return;
            }
            bell.await;
        }
    }
}

/// The application of one slice on a store.
pub(crate) async fn app(
    slice: anywise::Slice,
    store: Arc<dyn Store>,
    count: &Arc<Count>,
) -> Result<App, anywise::BuildError> {
    let policy = RelayPolicy { held: 512, ..RelayPolicy::default() };
    let builder = App::builder().slices([slice]).provide(Semaphore::new(0)).provide_arc(Arc::clone(count));
    builder.store_arc(store).relay(policy).build().await
}

/// Publishes `events` from `callers` tasks, each waiting for one after the other.
pub(crate) async fn publish<E: Event>(
    app: &App,
    callers: usize,
    events: usize,
    event: fn(u64) -> E,
) -> Result<()> {
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let app = app.clone();
        tasks.spawn(async move {
            for n in (caller..events).step_by(callers) {
                app.publish(event(n as u64)).await?;
            }
            Ok::<_, Error>(())
        });
    }
    tasks.join_all().await.into_iter().collect()
}
