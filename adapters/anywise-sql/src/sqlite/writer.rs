//! The one writer: a task that owns the connection for writing.
//!
//! Requests come in through a bounded queue. The writer begins a transaction
//! with the first, serves what else has come, commits, and answers them all.
//! What comes in during the commit is the next round: alone a caller waits for
//! one commit, and of many callers all share one. No caller's future holds
//! anything of this, and none can end it half way.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anywise_core::Claim;
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult, SqliteRow};
use sqlx::{Connection as _, Executor as _, SqlSafeStr, SqliteConnection, SqlitePool};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::refusal;
use crate::failpoint::point;
use crate::sqlite::checkpoint::Log;
use crate::sqlite::lock::Lock;
use crate::sqlite::request::{Plain, Reply, Request};
use crate::sqlite::round::Round;
use crate::sqlite::schema::Found;
use crate::sqlite::shared::{Common, closed};
use crate::sqlite::slot::Interrupt;
use crate::sqlite::statements::RELEASE_ALL;
use crate::sqlite::work::AtWork;

/// Requests of one round.
const MOST: usize = 256;

/// What a round takes on after its first request, at the least: as long as the
/// last commit took, if that is more.
const PATIENCE: Duration = Duration::from_millis(2);

/// What a round takes on, at the most.
const LONGEST: Duration = Duration::from_millis(25);

pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    requests: mpsc::Receiver<Request>,
    pub(super) common: Arc<Common>,
    pub(super) work: Arc<AtWork>,
    pub(super) hold_limit: Duration,
    pub(super) interrupt: Interrupt,
    pub(super) round: Round,
    /// Taken from the queue, but not for this round.
    carried: VecDeque<Request>,
    /// What a planted bug does after the round.
    pub(super) later: VecDeque<Request>,
    /// How many the last round served, and how long its commit took.
    last_round: usize,
    pub(super) last_commit: Duration,
    pub(super) log: Log,
    /// The last number given to a delivery.
    pub(super) last_id: i64,
    /// The last number that is set aside for this process: no number is given
    /// twice, also when its delivery is gone.
    pub(super) reserved: i64,
    /// There may be deliveries that are suspected of ending the process.
    pub(super) suspects: bool,
    /// Targets of which nothing is ready.
    pub(super) quiet: HashSet<String>,
    /// When the next delivery is due that is not ready; 0 if that is not known.
    pub(super) next_due: i64,
    /// Claims whose claimer went away before it got them.
    pub(super) orphans: Vec<Claim>,
}

impl Writer {
    pub(super) fn new(
        connection: SqliteConnection,
        requests: mpsc::Receiver<Request>,
        common: Arc<Common>,
        work: Arc<AtWork>,
        hold_limit: Duration,
        found: Found,
    ) -> Self {
        Self {
            connection,
            requests,
            common,
            work,
            hold_limit,
            interrupt: Interrupt::default(),
            round: Round::default(),
            carried: VecDeque::new(),
            later: VecDeque::new(),
            last_round: 0,
            last_commit: Duration::ZERO,
            log: Log::default(),
            last_id: found.last_id,
            reserved: 0,
            suspects: found.suspects,
            quiet: HashSet::new(),
            next_due: 0,
            orphans: Vec::new(),
        }
    }

    /// Serves until the store is closed or dropped. The lock is given back last.
    pub(super) async fn run(mut self, readers: SqlitePool, lock: Lock) {
        let closing = match self.interrupt.install(&mut self.connection).await {
            Ok(()) => self.serve_all().await,
            Err(error) => {
                self.common.fail(refusal(&error));
                self.serve_all().await
            }
        };
        self.requests.close();
        while let Some(request) = self.take() {
            request.refuse(&closed());
        }
        readers.close().await;
        let failed = self.common.failure().is_some();
        let closed = if failed { self.connection.close_hard().await } else { self.connection.close().await };
        drop(lock);
        if let Some(reply) = closing {
            drop(reply.send(closed.map_err(|error| refusal(&error).into_error())));
        }
    }

    /// Serves round after round; ends with the request to close.
    async fn serve_all(&mut self) -> Option<Reply<()>> {
        while let Some(first) = self.next().await {
            match first {
                Request::Close(reply) => {
                    self.release_all().await;
                    return Some(reply);
                }
                first if self.common.failure().is_some() => {
                    first.refuse(&self.common.failure().unwrap_or_else(closed));
                }
                Request::Migrate(slices, reply) => drop(reply.send(self.migrate(&slices).await)),
                first => self.round(first).await,
            }
        }
        // Dropped, not closed: what was claimed may still be at work.
        None
    }

    async fn next(&mut self) -> Option<Request> {
        match self.carried.pop_front() {
            Some(request) => Some(request),
            None => self.requests.recv().await,
        }
    }

    fn take(&mut self) -> Option<Request> {
        self.carried.pop_front().or_else(|| self.requests.try_recv().ok())
    }

    /// One transaction for the first request and those that came with it.
    async fn round(&mut self, first: Request) {
        let (began, budget) = (Instant::now(), self.last_commit.clamp(PATIENCE, LONGEST));
        let (mut plain, mut served, mut next) = (Vec::new(), 0, Some(first));
        while let Some(request) = next.take() {
            served += 1;
            match request {
                Request::Plain(one) => plain.push(one),
                Request::Close(_) | Request::Migrate(..) => {
                    self.carried.push_front(request);
                    break;
                }
                other => {
                    self.flush(&mut plain).await;
                    self.serve(other).await;
                }
            }
            if served < MOST && self.round.lost.is_none() && began.elapsed() < budget {
                next = self.more(served, began + PATIENCE).await;
            }
        }
        self.flush(&mut plain).await;
        self.clear().await;
        self.give_back_orphans().await;
        let size = self.round.answers.len();
        self.end().await;
        self.carried.append(&mut self.later);
        self.last_round = size;
        self.tend_log().await;
    }

    /// The next request of this round. Callers that were answered together come
    /// back together: where there were more last time, they are let come.
    async fn more(&mut self, served: usize, until: Instant) -> Option<Request> {
        loop {
            if let Some(request) = self.take() {
                return Some(request);
            }
            if served >= self.last_round || Instant::now() >= until {
                return None;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn serve(&mut self, request: Request) {
        if let Some(lost) = &self.round.lost {
            tracing::trace!(%lost, "the round is lost; the request is for the next");
            self.carried.push_front(request);
            return;
        }
        if !matches!(request, Request::Slot(_)) {
            self.clear().await;
            if self.round.lost.is_some() {
                self.carried.push_front(request);
                return;
            }
        }
        let served = match request {
            Request::Slot(slot) => {
                self.lend(slot).await;
                Ok(())
            }
            Request::Settle(settlement, reply) => {
                let settled = self.settle(settlement).await;
                self.answer(reply, settled)
            }
            Request::Accept(arrivals, reply) => {
                let accepted = self.accept(arrivals).await;
                self.answer(reply, accepted)
            }
            Request::Claim { wants, alone, reply } => {
                let claims = self.claim(&wants, alone).await;
                self.answer_claims(reply, claims)
            }
            Request::Fire { name, due, delivery, reply } => {
                let fired = self.fire(&name, due, *delivery).await;
                self.answer(reply, fired)
            }
            Request::Cancel(message, reply) => {
                let cancelled = self.cancel(message).await;
                self.answer(reply, cancelled)
            }
            Request::Replay(id, body, reply) => {
                let replayed = self.replay(id, body).await;
                self.answer(reply, replayed)
            }
            Request::Discard(id, reply) => {
                let discarded = self.discard(id).await;
                self.answer(reply, discarded)
            }
            Request::Sweep(sweep, reply) => {
                let swept = self.sweep(sweep).await;
                self.answer(reply, swept)
            }
            Request::Plain(_) | Request::Migrate(..) | Request::Close(_) => Ok(()),
        };
        if let Err(error) = served {
            self.lose(&error);
        }
    }

    /// Serves what can be served together.
    async fn flush(&mut self, plain: &mut Vec<Plain>) {
        if plain.is_empty() {
            return;
        }
        self.clear().await;
        if self.round.lost.is_some() {
            plain.drain(..).rev().for_each(|one| self.carried.push_front(Request::Plain(one)));
            return;
        }
        if let Err(error) = self.serve_plain(std::mem::take(plain)).await {
            self.lose(&error);
        }
    }

    async fn release_all(&mut self) {
        if self.common.failure().is_some() {
            return;
        }
        drop(point("shutdown.before_release").await);
        if let Err(error) = self.execute(RELEASE_ALL).await {
            tracing::error!(%error, "the claims could not be given back; they count as lost");
        }
        self.empty_log().await;
    }

    pub(super) async fn execute(&mut self, sql: &'static str) -> sqlx::Result<SqliteQueryResult> {
        sqlx::query(sql).execute(&mut self.connection).await
    }

    pub(super) async fn execute_with(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: SqliteArguments,
    ) -> sqlx::Result<SqliteQueryResult> {
        sqlx::query_with(sql, arguments).execute(&mut self.connection).await
    }

    pub(super) async fn fetch_with(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: SqliteArguments,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        self.connection.fetch_all(sqlx::query_with(sql, arguments)).await
    }
}
