//! What the store, its sessions and its writer share.

use std::path::PathBuf;
use std::sync::Arc;

use anywise_core::{Error, Kind, Result};
use sqlx::SqlitePool;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::error::Refusal;
use crate::sqlite::request::{Reply, Request};
use crate::sqlite::stats::Counters;
use crate::sqlite::work::AtWork;

/// The way to the writer.
#[derive(Debug)]
pub(crate) struct Shared {
    requests: mpsc::Sender<Request>,
    pub(super) common: Arc<Common>,
    pub(super) work: Arc<AtWork>,
    pub(super) readers: SqlitePool,
    pub(super) path: PathBuf,
}

/// What the writer tells the others.
#[derive(Debug, Default)]
pub(super) struct Common {
    pub(super) counters: Counters,
    pub(super) ready: Notify,
    failed: watch::Sender<Option<Refusal>>,
}

impl Shared {
    pub(super) fn new(
        requests: mpsc::Sender<Request>,
        common: Arc<Common>,
        work: Arc<AtWork>,
        readers: SqlitePool,
        path: PathBuf,
    ) -> Self {
        Self { requests, common, work, readers, path }
    }

    /// Hands a request over. What is handed over is done, whoever waits for it.
    ///
    /// # Errors
    /// That the store is closed or has failed.
    pub(super) async fn hand_over(&self, request: Request) -> Result<(), Refusal> {
        if let Some(failure) = self.common.failure() {
            return Err(failure);
        }
        self.requests.send(request).await.map_err(|_| closed())
    }

    /// Hands a request over and waits for its answer.
    pub(super) async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(request(reply)).await.map_err(Refusal::into_error)?;
        answer.await.unwrap_or_else(|_| Err(unanswered()))
    }
}

impl Common {
    /// Why the store has failed, if it has.
    pub(super) fn failure(&self) -> Option<Refusal> {
        self.failed.borrow().clone()
    }

    /// The store has failed for good.
    pub(super) fn fail(&self, why: Refusal) {
        tracing::error!(code = why.code, "{why}");
        self.failed.send_replace(Some(why));
        self.wake();
    }

    /// Waits until the store has failed.
    pub(super) async fn failed(&self) -> Error {
        let mut failed = self.failed.subscribe();
        let failure = failed.wait_for(Option::is_some).await.ok().and_then(|failure| failure.clone());
        match failure {
            Some(failure) => failure.into_error(),
            None => std::future::pending().await,
        }
    }

    /// Says that there may be something to claim: to those who wait, and to the
    /// next who will.
    pub(super) fn wake(&self) {
        self.ready.notify_waiters();
        self.ready.notify_one();
    }
}

/// The writer is gone.
pub(super) fn closed() -> Refusal {
    Refusal::new(Kind::Unavailable, "AW7004", "the store is closed")
}

/// The writer went away in the middle.
pub(super) fn unanswered() -> Error {
    Error::unknown_outcome("the store was closed while it worked on this")
}
