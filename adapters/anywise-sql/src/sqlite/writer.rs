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

use anywise_core::{Claim, Error, Kind, Result};
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult, SqliteRow};
use sqlx::{Connection, Executor, SqlSafeStr, SqliteConnection, SqlitePool};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::{Refusal, is_fatal, refusal};
use crate::failpoint::{mutant, point};
use crate::sqlite::checkpoint::Log;
use crate::sqlite::lock::Lock;
use crate::sqlite::request::{Plain, Ready, Reply, Request};
use crate::sqlite::schema::Found;
use crate::sqlite::shared::{Common, closed};
use crate::sqlite::slot::Interrupt;
use crate::sqlite::statements::RELEASE_ALL;
use crate::sqlite::stats::count;
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
    work: Arc<AtWork>,
    pub(super) hold_limit: Duration,
    pub(super) interrupt: Interrupt,
    pub(super) round: Round,
    /// Taken from the queue, but not for this round.
    carried: VecDeque<Request>,
    /// What a planted bug does after the round.
    later: VecDeque<Request>,
    /// How many the last round served, and how long its commit took.
    last_round: usize,
    last_commit: Duration,
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

/// One transaction, under way.
#[derive(Default)]
pub(super) struct Round {
    pub(super) open: bool,
    /// It cannot be committed any more.
    pub(super) lost: Option<Refusal>,
    /// There may be more to claim after it.
    pub(super) wakes: bool,
    /// Claims that it makes, and deliveries whose claims it ends.
    pub(super) claimed: Vec<Claim>,
    pub(super) ended: Vec<i64>,
    answers: Vec<Answer>,
}

/// Tells a caller how the round ended.
type Answer = Box<dyn FnOnce(Result<()>) -> Option<Vec<Claim>> + Send>;

/// How a round ended.
enum End {
    Kept,
    Lost(Refusal),
    /// The disk failed in the commit: what is on it is found out at the next start.
    Unknown(Refusal),
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
        if self.round.lost.is_some() {
            plain.drain(..).rev().for_each(|one| self.carried.push_front(Request::Plain(one)));
            return;
        }
        if let Err(error) = self.serve_plain(std::mem::take(plain)).await {
            self.lose(&error);
        }
    }

    /// Answers after the commit: with `value`, or with why there was none.
    pub(super) fn answer<T: Send + 'static>(
        &mut self,
        reply: Reply<T>,
        value: sqlx::Result<T>,
    ) -> sqlx::Result<()> {
        let (value, error) = match value {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        };
        self.round.answers.push(Box::new(move |ended| {
            let answer = ended.and_then(|()| value.ok_or_else(|| Error::internal("a lost round was kept")));
            drop(reply.send(answer));
            None
        }));
        error.map_or(Ok(()), Err)
    }

    /// The same for claims, which are given back if nobody takes them.
    fn answer_claims(
        &mut self,
        reply: Reply<anywise_core::Claims>,
        claims: sqlx::Result<anywise_core::Claims>,
    ) -> sqlx::Result<()> {
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => return self.answer(reply, Err(error)),
        };
        self.round.answers.push(Box::new(move |ended| {
            let unwanted = reply.send(ended.map(|()| claims)).err()?.ok()?;
            Some(unwanted.claimed.iter().map(|one| one.claim).collect())
        }));
        Ok(())
    }

    /// Answers that it was not done, whatever becomes of the round.
    pub(super) fn refuse_at_once(reply: crate::sqlite::request::PlainReply, why: &Refusal) {
        reply.refuse(why);
    }

    /// The round cannot be committed any more.
    pub(super) fn lose(&mut self, error: &sqlx::Error) {
        let why = refusal(error);
        if is_fatal(error) {
            self.common.fail(Refusal::new(
                Kind::Unavailable,
                "AW7003",
                format!("the disk failed, and the store with it: {why}"),
            ));
        }
        self.round.lost.get_or_insert(why);
    }

    /// Commits the round, or rolls it back, and answers everybody in it.
    async fn end(&mut self) {
        if mutant("ack_before_commit") || mutant("reply_before_fsync") {
            self.answer_too_early().await;
        }
        let end = self.commit().await;
        let round = std::mem::take(&mut self.round);
        self.common
            .counters
            .requests
            .fetch_add(round.answers.len() as u64, std::sync::atomic::Ordering::Relaxed);
        if matches!(end, End::Kept) {
            self.work.end(&round.ended);
            self.work.hold(&round.claimed);
        } else {
            count(&self.common.counters.rollbacks);
            self.forget();
        }
        for answer in round.answers {
            let ended = match &end {
                End::Kept => Ok(()),
                End::Lost(why) => Err(why.clone().into_error()),
                End::Unknown(why) => Err(Error::unknown_outcome(why.to_string())),
            };
            self.orphans.extend(answer(ended).unwrap_or_default());
        }
        if round.wakes {
            self.common.wake();
        }
    }

    /// A planted bug: everybody is answered before the commit.
    async fn answer_too_early(&mut self) {
        if self.round.lost.is_none() {
            for answer in std::mem::take(&mut self.round.answers) {
                self.orphans.extend(answer(Ok(())).unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A planted bug: what is appended is kept by a commit of its own.
    pub(super) fn append_later(&mut self, ready: &mut Ready) {
        let rows = std::mem::take(&mut ready.rows);
        if !rows.is_empty() {
            let later = Ready { batch: anywise_core::Batch::default(), rows };
            let reply = crate::sqlite::request::PlainReply::Commit(tokio::sync::oneshot::channel().0);
            self.later.push_back(Request::Plain(Plain { ready: later, reply }));
        }
    }

    async fn commit(&mut self) -> End {
        if let Err(why) = point("batch.before_fsync").await {
            self.round.lost.get_or_insert(why);
        }
        if let Some(why) = self.round.lost.take() {
            self.roll_back().await;
            return End::Lost(self.common.failure().unwrap_or(why));
        }
        if !self.round.open {
            return End::Kept;
        }
        let began = Instant::now();
        if let Err(error) = self.execute("COMMIT").await {
            self.lose(&error);
            self.roll_back().await;
            return if is_fatal(&error) { End::Unknown(refusal(&error)) } else { End::Lost(refusal(&error)) };
        }
        self.last_commit = began.elapsed();
        count(&self.common.counters.commits);
        drop(point("batch.after_fsync_before_reply").await);
        End::Kept
    }

    /// Ends a transaction that may have been ended by its error already.
    pub(super) async fn roll_back(&mut self) {
        if std::mem::take(&mut self.round.open) {
            drop(self.execute("ROLLBACK").await);
        }
    }

    /// What is known of the tables is known no more.
    fn forget(&mut self) {
        self.quiet.clear();
        self.next_due = 0;
        self.reserved = 0;
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

    /// Begins the round's transaction, if it has not begun.
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        if !self.round.open {
            point("tx.begin").await?;
            self.execute("BEGIN IMMEDIATE").await?;
            self.round.open = true;
        }
        Ok(())
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
