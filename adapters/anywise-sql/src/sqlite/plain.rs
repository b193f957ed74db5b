//! Batches and the ends of deliveries: many of them by a few statements.
//!
//! A batch is kept as a whole or not at all, but its neighbours do not depend
//! on it: what can refuse it, a claim that is lost or a memory that is taken, is
//! found out before anything else of it is written.

use std::collections::HashSet;

use anywise_core::{Batch, Claim, Kind, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteArguments;
use uuid::Uuid;

use crate::error::Refusal;
use crate::failpoint::{mutant, point};
use crate::row::Stored;
use crate::sqlite::request::{Plain, PlainReply, Ready};
use crate::sqlite::statements::{
    BLOCK, CANCEL, FINISH, FORGET, HOLDS, INSERT, LATER, READY, REMEMBER, RESERVE, UNBLOCK, bind,
};
use crate::sqlite::writer::Writer;

/// Numbers that are set aside at once.
const RESERVE_AHEAD: i64 = 10_000;

/// Whether a batch is kept.
pub(super) type Verdict = Result<(), Refusal>;

/// Target and key.
pub(super) type Lane = (String, String);

/// Now, in milliseconds.
pub(super) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

impl Writer {
    pub(super) async fn serve_plain(&mut self, plain: Vec<Plain>) -> sqlx::Result<()> {
        let (batches, replies): (Vec<_>, Vec<_>) =
            plain.into_iter().map(|one| (one.ready, one.reply)).unzip();
        let verdicts = match self.apply(batches).await {
            Ok(verdicts) => verdicts,
            Err(error) => {
                for reply in replies {
                    drop(self.answer_plain(reply, Ok(())));
                }
                return Err(error);
            }
        };
        for (reply, verdict) in replies.into_iter().zip(verdicts) {
            self.answer_plain(reply, verdict)?;
        }
        Ok(())
    }

    fn answer_plain(&mut self, reply: PlainReply, verdict: Verdict) -> sqlx::Result<()> {
        match (reply, verdict) {
            (PlainReply::Commit(reply), Ok(())) => self.answer(reply, Ok(())),
            (PlainReply::Settle(reply), verdict) => self.answer(reply, Ok(verdict.is_ok())),
            (reply @ PlainReply::Commit(_), Err(why)) => {
                Self::refuse_at_once(reply, &why);
                Ok(())
            }
        }
    }

    /// Writes the rows of a handler's part; says whether it is kept. The delivery
    /// that it has handled is removed with those of the others.
    pub(super) async fn apply_last(&mut self, mut ready: Ready) -> sqlx::Result<Verdict> {
        // What is remembered may be refused, and the claim with it.
        let done = if ready.batch.remember.is_none() { ready.batch.done.take() } else { None };
        if done.is_some_and(|claim| !self.is_held(claim)) {
            return Ok(Err(lost()));
        }
        let verdict = self.apply(vec![ready]).await?.pop().unwrap_or(Ok(()));
        if verdict.is_ok() {
            self.round.finished.extend(done);
        }
        Ok(verdict)
    }

    /// Writes the rows of batches; says of each whether it is kept.
    pub(super) async fn apply(&mut self, ready: Vec<Ready>) -> sqlx::Result<Vec<Verdict>> {
        self.begin().await?;
        let (mut batches, appends): (Vec<_>, Vec<_>) =
            ready.into_iter().map(|one| (one.batch, one.rows)).unzip();
        let mut verdicts = vec![Ok(()); batches.len()];
        let remembered = self.remember(&mut batches, &mut verdicts).await?;
        let mut freed = self.finish(&batches, &mut verdicts).await?;
        for (at, memory) in remembered.into_iter().filter(|(at, _)| verdicts[*at].is_err()) {
            tracing::trace!(at, "a batch whose claim is lost remembers nothing");
            let mut arguments = SqliteArguments::default();
            bind(&mut arguments, memory)?;
            self.execute_with(FORGET, arguments).await?;
        }
        let (mut rows, mut cancel, mut bury) = (Vec::new(), Vec::new(), Vec::new());
        let all = batches.into_iter().zip(appends).zip(&verdicts);
        for ((batch, append), _) in all.filter(|(_, verdict)| verdict.is_ok()) {
            rows.extend(append);
            cancel.extend(batch.cancel);
            bury.extend(batch.bury);
        }
        self.unblock(std::mem::take(&mut freed)).await?;
        self.insert(rows).await?;
        for message in cancel {
            freed.extend(self.take_scheduled(message).await?.1);
        }
        self.unblock(freed).await?;
        for buried in bury {
            self.inter(buried).await?;
        }
        point("tx.after_outbox").await?;
        Ok(verdicts)
    }

    /// Keeps the replies; says which batch keeps which memory.
    async fn remember(
        &mut self,
        batches: &mut [Batch],
        verdicts: &mut [Verdict],
    ) -> sqlx::Result<Vec<(usize, String)>> {
        let replies: Vec<_> = batches
            .iter_mut()
            .enumerate()
            .filter_map(|(at, batch)| Some((at, batch.remember.take()?)))
            .collect();
        if replies.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<_> =
            replies.iter().map(|(at, reply)| (*at, reply.memory.as_str().to_owned())).collect();
        let mut kept = HashSet::new();
        for (sql, part) in REMEMBER.split(replies) {
            let mut arguments = SqliteArguments::default();
            for (_, reply) in part {
                bind(&mut arguments, reply.memory.as_str())?;
                bind(&mut arguments, reply.fingerprint.as_bytes().as_slice())?;
                bind(&mut arguments, reply.content_type)?;
                bind(&mut arguments, now())?;
                bind(&mut arguments, reply.reply.to_vec())?;
            }
            for row in self.fetch_with(sql, arguments).await? {
                kept.insert(row.try_get::<String, _>(0)?);
            }
        }
        point("idem.after_insert").await?;
        let (mine, others): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|(_, memory)| kept.remove(memory));
        for (at, _) in others {
            let held = match batches[at].done {
                Some(claim) => self.holds(claim).await?,
                None => true,
            };
            verdicts[at] = Err(if held { answered() } else { lost() });
        }
        Ok(mine)
    }

    async fn holds(&mut self, claim: Claim) -> sqlx::Result<bool> {
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, claim.id)?;
        bind(&mut arguments, claim.epoch)?;
        Ok(!self.fetch_with(HOLDS, arguments).await?.is_empty())
    }

    /// Ends the deliveries that are done; says what stood in front of others.
    async fn finish(&mut self, batches: &[Batch], verdicts: &mut [Verdict]) -> sqlx::Result<Vec<Lane>> {
        let wanted: Vec<(usize, Claim)> = batches
            .iter()
            .enumerate()
            .filter_map(|(at, batch)| Some((at, batch.done?)))
            .filter(|(at, _)| verdicts[*at].is_ok())
            .collect();
        let claims: Vec<_> = wanted.iter().map(|(_, claim)| *claim).collect();
        let (mut done, freed) = self.remove(claims).await?;
        for (at, claim) in wanted {
            if !done.remove(&claim) {
                verdicts[at] = Err(lost());
            }
        }
        Ok(freed)
    }

    /// Removes deliveries whose claims are held; says which were, and what stood
    /// in front of others.
    pub(super) async fn remove(&mut self, claims: Vec<Claim>) -> sqlx::Result<(HashSet<Claim>, Vec<Lane>)> {
        let (mut done, mut freed) = (HashSet::new(), Vec::new());
        if claims.is_empty() {
            return Ok((done, freed));
        }
        point("queue.before_finish").await?;
        for (sql, part) in FINISH.split(claims) {
            let mut arguments = SqliteArguments::default();
            for claim in part {
                bind(&mut arguments, claim.id)?;
                bind(&mut arguments, claim.epoch)?;
            }
            for row in self.fetch_with(sql, arguments).await? {
                done.insert(Claim { id: row.try_get(0)?, epoch: row.try_get(1)? });
                self.round.ended.push(row.try_get(0)?);
                if let Some(key) = row.try_get(3)? {
                    freed.push((row.try_get(2)?, key));
                }
            }
        }
        point("queue.after_finish").await?;
        Ok((done, freed))
    }

    /// Lets the next of each target and key go.
    pub(super) async fn unblock(&mut self, mut lanes: Vec<Lane>) -> sqlx::Result<()> {
        lanes.sort_unstable();
        lanes.dedup();
        for (sql, part) in UNBLOCK.split(lanes) {
            let mut arguments = SqliteArguments::default();
            bind(&mut arguments, now())?;
            for (target, key) in part {
                bind(&mut arguments, target)?;
                bind(&mut arguments, key)?;
            }
            for row in self.fetch_with(sql, arguments).await? {
                self.offer(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            }
        }
        Ok(())
    }

    /// Notes that a delivery is ready, or will be.
    pub(super) fn offer(&mut self, target: &str, state: i64, due: i64) {
        self.round.wakes = true;
        if state == READY {
            self.quiet.remove(target);
        } else {
            self.next_due = self.next_due.min(due);
        }
    }

    /// Keeps new deliveries; those behind others of their key are blocked.
    pub(super) async fn insert(&mut self, rows: Vec<Stored>) -> sqlx::Result<()> {
        let (now, first) = (now(), self.last_id + 1);
        self.reserve(rows.len()).await?;
        let keyed = rows.iter().any(|row| row.key.is_some());
        for (sql, part) in INSERT.split(rows) {
            let mut arguments = SqliteArguments::default();
            for row in part {
                self.last_id += 1;
                let due = row.due.filter(|due| *due > now);
                let state = if due.is_some() { LATER } else { READY };
                self.offer(&row.target, state, due.unwrap_or(now));
                bind(&mut arguments, self.last_id)?;
                bind(&mut arguments, state)?;
                bind(&mut arguments, due.unwrap_or(now))?;
                bind(&mut arguments, row.crc)?;
                bind(&mut arguments, now)?;
                bind(&mut arguments, row.msg_id.as_bytes().as_slice())?;
                bind(&mut arguments, row.target)?;
                bind(&mut arguments, row.key)?;
                bind(&mut arguments, row.name)?;
                bind(&mut arguments, row.head)?;
                bind(&mut arguments, row.body.to_vec())?;
            }
            self.execute_with(sql, arguments).await?;
        }
        if keyed && !mutant("followers_not_blocked") {
            let mut arguments = SqliteArguments::default();
            bind(&mut arguments, first)?;
            self.execute_with(BLOCK, arguments).await?;
        }
        Ok(())
    }

    /// Sets numbers aside for so many rows, and many more.
    pub(super) async fn reserve(&mut self, rows: usize) -> sqlx::Result<()> {
        let needed = self.last_id + i64::try_from(rows).unwrap_or(i64::MAX);
        if needed > self.reserved {
            let reserved = needed + RESERVE_AHEAD;
            let mut arguments = SqliteArguments::default();
            bind(&mut arguments, reserved.to_string())?;
            self.execute_with(RESERVE, arguments).await?;
            self.reserved = reserved;
        }
        Ok(())
    }

    /// Removes what is scheduled of a message; says whether there was any, and
    /// what stood in front of others.
    pub(super) async fn take_scheduled(&mut self, message: Uuid) -> sqlx::Result<(bool, Vec<Lane>)> {
        self.begin().await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, message.as_bytes().as_slice())?;
        bind(&mut arguments, now())?;
        let rows = self.fetch_with(CANCEL, arguments).await?;
        let mut freed = Vec::new();
        for row in &rows {
            if let Some(key) = row.try_get(1)? {
                freed.push((row.try_get(0)?, key));
            }
        }
        Ok((!rows.is_empty(), freed))
    }
}

/// `AW7020`: another has it, or it is done.
fn lost() -> Refusal {
    Refusal::new(Kind::Conflict, "AW7020", "the claim is no longer held")
}

/// `AW1042`: somebody was faster.
fn answered() -> Refusal {
    Refusal::new(Kind::Conflict, "AW1042", "this request was answered in the meantime")
}
