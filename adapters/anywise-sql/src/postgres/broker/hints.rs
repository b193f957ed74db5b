//! Hints that an event was published, or a group has something again, between
//! processes.
//!
//! They are sent after a commit, never in it: a `NOTIFY` in a transaction takes a
//! lock of the whole server at its commit. Nothing depends on them; who waits for
//! messages asks anyway, from time to time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anywise_core::{Result, Subscription};
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
    /// What it takes to listen, until somebody wants to.
    silent: Mutex<Option<Silent>>,
    /// What others should hear of.
    news: Mutex<BTreeSet<String>>,
    told: Notify,
    /// Those who wait here, by what wakes them.
    heard: Mutex<HashMap<String, Vec<Arc<Notify>>>>,
}

#[derive(Debug)]
struct Silent {
    options: PgConnectOptions,
    stop: watch::Receiver<()>,
}

/// That an event was published.
pub(super) fn of_event(name: &str) -> String {
    format!("event {name}")
}

/// That a group has something again.
pub(super) fn of_group(name: &str) -> String {
    format!("group {name}")
}

impl Hints {
    /// Hints of the applications with a prefix, until the other end of `stop` is
    /// dropped.
    pub(super) fn start(
        prefix: &str,
        control: &Arc<Line>,
        options: PgConnectOptions,
        stop: watch::Receiver<()>,
    ) -> Arc<Self> {
        let hints = Arc::new(Self {
            channel: format!("anywise_broker_{prefix}"),
            control: Arc::clone(control),
            silent: Mutex::new(Some(Silent { options, stop: stop.clone() })),
            news: Mutex::default(),
            told: Notify::new(),
            heard: Mutex::default(),
        });
        tokio::spawn(Arc::clone(&hints).tell_all(stop));
        hints
    }

    /// What wakes those of a group who wait here.
    pub(super) fn of(self: &Arc<Self>, subscription: &Subscription) -> Arc<Notify> {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Silent { options, stop }) = silent {
            let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
            tokio::spawn(Arc::clone(self).listen(pool, stop));
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let own = heard.entry(of_group(&subscription.group)).or_default();
        let notify = own.first().cloned().unwrap_or_else(|| {
            own.push(Arc::default());
            Arc::clone(&own[0])
        });
        for event in &subscription.events {
            let woken = heard.entry(of_event(event)).or_default();
            if !woken.iter().any(|known| Arc::ptr_eq(known, &notify)) {
                woken.push(Arc::clone(&notify));
            }
        }
        notify
    }

    /// Tells all processes, this one too.
    pub(super) fn tell(&self, hints: impl IntoIterator<Item = String>) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).extend(hints);
        self.told.notify_one();
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

    async fn notify(&self, hints: Vec<String>) -> Result<()> {
        let query = sqlx::query("SELECT pg_notify($1, hint) FROM unnest($2::text[]) AS h(hint)");
        self.control.run("giving a hint", query.bind(&self.channel).bind(hints)).await.map(drop)
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
            let woken =
                heard.iter().filter(|(what, _)| hint.as_ref().is_none_or(|hint| hint.payload() == *what));
            woken.flat_map(|(_, groups)| groups).for_each(|group| group.notify_waiters());
        }
    }
}
