//! Hints that there may be something for a group, between processes.
//!
//! They are sent after a commit, never in it: a `NOTIFY` in a transaction takes a
//! lock of the whole server at its commit. Nothing depends on them; who waits for
//! messages asks anyway, from time to time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anywise_core::Result;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::postgres::broker::line::Line;

/// The shortest time between two hints.
const PAUSE: Duration = Duration::from_millis(10);
/// How long to wait before a lost connection is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What this process tells others, and hears of them.
#[derive(Debug)]
pub(super) struct Hints {
    channel: String,
    control: Arc<Line>,
    /// Groups of which others should hear.
    news: Mutex<BTreeSet<String>>,
    told: Notify,
    /// Those that somebody here listens for.
    heard: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Hints {
    pub(super) fn new(prefix: &str, control: &Arc<Line>) -> Arc<Self> {
        Arc::new(Self {
            channel: format!("anywise_broker_{prefix}"),
            control: Arc::clone(control),
            news: Mutex::default(),
            told: Notify::new(),
            heard: Mutex::default(),
        })
    }

    /// Sends and receives hints until the other end of `stop` is dropped.
    pub(super) fn start(self: &Arc<Self>, options: PgConnectOptions, stop: &watch::Receiver<()>) {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        tokio::spawn(Arc::clone(self).tell_all(stop.clone()));
        tokio::spawn(Arc::clone(self).listen(pool, stop.clone()));
    }

    /// Where somebody waits for hints of a group.
    pub(super) fn of(&self, group: &str) -> Arc<Notify> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(heard.entry(group.to_owned()).or_default())
    }

    /// There is something for these groups.
    pub(super) fn tell(&self, groups: impl IntoIterator<Item = String>) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        news.extend(groups);
        if !news.is_empty() {
            self.told.notify_one();
        }
    }

    async fn tell_all(self: Arc<Self>, mut stop: watch::Receiver<()>) {
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                () = self.told.notified() => {}
            }
            let news = std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner));
            if let Err(error) = self.notify(news.into_iter().collect()).await {
                tracing::debug!(%error, "other processes were not told that there is something to do");
            }
            sleep(PAUSE).await;
        }
    }

    async fn notify(&self, groups: Vec<String>) -> Result<()> {
        let query = sqlx::query("SELECT pg_notify($1, g) FROM unnest($2::text[]) AS g");
        self.control.run("giving a hint", query.bind(&self.channel).bind(groups)).await.map(drop)
    }

    async fn listen(self: Arc<Self>, pool: PgPool, mut stop: watch::Receiver<()>) {
        loop {
            let error = tokio::select! {
                _ = stop.changed() => break,
                Err(error) = self.hear(&pool) => error,
            };
            tracing::debug!(%error, "hints of other processes are not heard");
            tokio::select! {
                _ = stop.changed() => break,
                () = sleep(AGAIN) => {}
            }
        }
        pool.close().await;
    }

    async fn hear(&self, pool: &PgPool) -> sqlx::Result<std::convert::Infallible> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(&self.channel).await?;
        loop {
            // `None`: the connection was lost, and so perhaps a hint.
            let hint = listener.try_recv().await?;
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            match &hint {
                Some(hint) => heard.get(hint.payload()).into_iter().for_each(|group| group.notify_waiters()),
                None => heard.values().for_each(|group| group.notify_waiters()),
            }
        }
    }
}
