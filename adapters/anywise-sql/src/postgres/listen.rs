//! Hints that there may be something to claim, between processes.
//!
//! They are sent after a commit, never in it: a `NOTIFY` in a transaction takes
//! a lock of the whole server at its commit. What was committed within
//! [`PAUSE`] is told once, on a connection whose commits do not wait for the disk.
//! Nothing depends on them; the relay asks anyway.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::postgres::Shared;

/// The shortest time between two hints.
const PAUSE: Duration = Duration::from_millis(10);
/// How long to wait before a lost connection is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Sends and receives hints until `stop` is dropped.
pub(super) fn start(shared: &Arc<Shared>, pool: PgPool, stop: &watch::Receiver<()>) {
    tokio::spawn(tell(Arc::clone(shared), stop.clone()));
    tokio::spawn(listen(Arc::clone(shared), pool, stop.clone()));
}

async fn tell(shared: Arc<Shared>, mut stop: watch::Receiver<()>) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = shared.news.notified() => {}
        }
        if let Err(error) = notify(&shared).await {
            tracing::debug!(%error, "other processes were not told that there is something to do");
        }
        sleep(PAUSE).await;
    }
}

async fn notify(shared: &Shared) -> sqlx::Result<()> {
    let mut connection = shared.passing.get().await?;
    let told = sqlx::query("SELECT pg_notify($1, '')").bind(&shared.channel).execute(connection.raw()).await;
    connection.put_back_after(&told);
    told.map(drop)
}

async fn listen(shared: Arc<Shared>, pool: PgPool, mut stop: watch::Receiver<()>) {
    loop {
        let error = tokio::select! {
            _ = stop.changed() => break,
            Err(error) = hear(&shared, &pool) => error,
        };
        tracing::debug!(%error, "hints of other processes are not heard");
        tokio::select! {
            _ = stop.changed() => break,
            () = sleep(AGAIN) => {}
        }
    }
    pool.close().await;
}

async fn hear(shared: &Shared, pool: &PgPool) -> sqlx::Result<std::convert::Infallible> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(&shared.channel).await?;
    loop {
        // `None`: the connection was lost, and so perhaps a hint.
        listener.try_recv().await?;
        shared.ready.notify_one();
    }
}
