//! A round: one transaction of the writer, and everybody who is told how it ended.
//!
//! Handlers' transactions are savepoints in it, one after the other. The savepoint
//! of one is released when the next is made, in one step, or with the commit; and
//! the deliveries that they have handled are removed together, at the end. That
//! their claims are held is known without asking: no other process may have the
//! file, so what this one claimed and has not ended it holds. It is checked once
//! more by the statement that removes them, and a round in which that is not so
//! is lost as a whole.

use std::time::Duration;

use anywise_core::{Claim, Error, Kind, Result};
use tokio::time::Instant;

use crate::error::{Refusal, is_fatal, refusal};
use crate::failpoint::{mutant, point};
use crate::sqlite::request::{Plain, Ready, Reply, Request};
use crate::sqlite::stats::count;
use crate::sqlite::writer::Writer;

/// One transaction, under way.
#[derive(Default)]
pub(super) struct Round {
    pub(super) open: bool,
    /// It cannot be committed any more.
    pub(super) lost: Option<Refusal>,
    /// There may be more to claim after it.
    pub(super) wakes: bool,
    /// There is a savepoint, to be released.
    saved: bool,
    /// Claims that it makes, and deliveries whose claims it ends.
    pub(super) claimed: Vec<Claim>,
    pub(super) ended: Vec<i64>,
    /// Deliveries that their handlers have finished with, to be removed.
    pub(super) finished: Vec<Claim>,
    pub(super) answers: Vec<Answer>,
}

/// Tells a caller how the round ended.
pub(super) type Answer = Box<dyn FnOnce(Result<()>) -> Option<Vec<Claim>> + Send>;

/// How a round ended.
enum End {
    Kept,
    Lost(Refusal),
    /// The disk failed in the commit: what is on it is found out at the next start.
    Unknown(Refusal),
}

impl Writer {
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
    pub(super) fn answer_claims(
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
    pub(super) async fn end(&mut self) {
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

    /// Begins the round's transaction, if it has not begun.
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        if !self.round.open {
            point("tx.begin").await?;
            self.execute("BEGIN IMMEDIATE").await?;
            self.round.open = true;
        }
        Ok(())
    }

    /// Whether a claim can be ended in this round.
    pub(super) fn is_held(&self, claim: Claim) -> bool {
        let Round { ended, finished, .. } = &self.round;
        self.work.is_held(claim) && !ended.contains(&claim.id) && !finished.contains(&claim)
    }

    /// Begins a handler's part, and keeps the one before it.
    pub(super) async fn save(&mut self) -> sqlx::Result<()> {
        self.begin().await?;
        let save = if std::mem::replace(&mut self.round.saved, true) {
            "RELEASE aw_slot; SAVEPOINT aw_slot"
        } else {
            "SAVEPOINT aw_slot"
        };
        self.execute(save).await.map(drop)
    }

    /// Undoes what was written since the last savepoint.
    pub(super) async fn unsave(&mut self) -> sqlx::Result<()> {
        self.execute("ROLLBACK TO aw_slot").await?;
        // The numbers set aside behind the savepoint are not.
        self.reserved = 0;
        Ok(())
    }

    /// Removes what handlers have finished with in this round. What comes after
    /// their parts finds the tables as if each had done it itself.
    pub(super) async fn clear(&mut self) {
        if !self.round.finished.is_empty()
            && self.round.lost.is_none()
            && let Err(error) = self.remove_finished().await
        {
            self.lose(&error);
        }
    }

    async fn remove_finished(&mut self) -> sqlx::Result<()> {
        let claims = std::mem::take(&mut self.round.finished);
        let wanted = claims.len();
        let (done, freed) = self.remove(claims).await?;
        if done.len() != wanted {
            return Err(sqlx::Error::Protocol("a claim that was held is gone from its table".into()));
        }
        self.unblock(freed).await
    }
}
