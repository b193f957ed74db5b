//! Claims, and how they end other than well.
//!
//! The writer is the only one who changes the tables, so it knows of which
//! targets nothing is ready and when the next delivery is due: a claim that can
//! bring nothing costs no statement.

use std::time::Duration;

use anywise_core::{
    Claim, Claimed, Claims, Delivery, Error, Failure, Outcome, Settlement, Timestamp, Want, company,
};
use bytes::Bytes;
use sqlx::Row;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use uuid::Uuid;

use crate::failpoint::{mutant, point};
use crate::row::{Stored, count, envelope, failures, timestamp};
use crate::sqlite::plain::now;
use crate::sqlite::statements::{
    CLAIM, CLAIM_SUSPECTS, FIRE, LATER, NEXT, PROMOTE, READY, RELEASE, RETRY, STOP, SUSPECT, bind,
};
use crate::sqlite::writer::Writer;

impl Writer {
    pub(super) async fn claim(&mut self, wants: &[Want], alone: bool) -> sqlx::Result<Claims> {
        let now = now();
        self.promote(now).await?;
        let mut claims = Claims::default();
        if alone && self.suspects {
            self.claim_suspects(wants, &mut claims.claimed).await?;
        }
        for want in wants.iter().filter(|want| want.most > 0) {
            if !self.quiet.contains(&want.target) {
                self.claim_ready(want, &mut claims.claimed).await?;
            }
        }
        claims.claimed.sort_by_key(|one| one.claim.id);
        claims.next = self.wait(now);
        if !claims.claimed.is_empty() {
            point("queue.after_claim").await?;
        }
        Ok(claims)
    }

    async fn claim_ready(&mut self, want: &Want, claimed: &mut Vec<Claimed>) -> sqlx::Result<()> {
        let taken = claimed.iter().filter(|one| one.delivery.target == want.target).count();
        let room = want.most.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
        self.begin().await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, want.target.clone())?;
        bind(&mut arguments, room)?;
        let rows = self.fetch_with(CLAIM, arguments).await?;
        if rows.len() < room as usize {
            self.quiet.insert(want.target.clone());
        }
        self.read(rows, claimed).await
    }

    /// A few that may have ended a process, if none is at work.
    async fn claim_suspects(&mut self, wants: &[Want], claimed: &mut Vec<Claimed>) -> sqlx::Result<()> {
        let targets: Vec<_> = wants.iter().filter(|want| want.most > 0).map(|want| &want.target).collect();
        let targets = serde_json::to_string(&targets).expect("names are text");
        self.begin().await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, targets.clone())?;
        let oldest = self.fetch_with(SUSPECT, arguments).await?;
        let Some(oldest) = oldest.first() else { return Ok(()) };
        let losses: i64 = oldest.try_get(0)?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, losses)?;
        bind(&mut arguments, targets)?;
        bind(&mut arguments, company(count(losses)))?;
        let rows = self.fetch_with(CLAIM_SUSPECTS, arguments).await?;
        self.read(rows, claimed).await
    }

    /// Reads rows that were claimed. A damaged one becomes a dead letter.
    async fn read(&mut self, rows: Vec<SqliteRow>, claimed: &mut Vec<Claimed>) -> sqlx::Result<()> {
        for row in &rows {
            let claim = Claim { id: row.try_get(0)?, epoch: row.try_get(1)? };
            match read(row, claim) {
                Ok(one) => {
                    self.round.claimed.push(claim);
                    claimed.push(one);
                }
                Err(error) => {
                    tracing::error!(id = claim.id, %error, "a stored message is damaged; it is a dead letter now");
                    self.bury(claim, None, format!("{error}"), true).await?;
                }
            }
        }
        Ok(())
    }

    /// Makes ready what has become due.
    async fn promote(&mut self, now: i64) -> sqlx::Result<()> {
        while self.next_due <= now {
            self.begin().await?;
            let mut arguments = SqliteArguments::default();
            bind(&mut arguments, now)?;
            for row in self.fetch_with(PROMOTE, arguments).await? {
                self.quiet.remove(row.try_get::<&str, _>(0)?);
            }
            point("timer.after_claim").await?;
            let next = self.fetch_with(NEXT, SqliteArguments::default()).await?;
            let next: Option<i64> = next.first().map(|row| row.try_get(0)).transpose()?.flatten();
            self.next_due = next.unwrap_or(i64::MAX);
        }
        Ok(())
    }

    /// In how long the next delivery is due.
    fn wait(&self, now: i64) -> Option<Duration> {
        let wait = (self.next_due != i64::MAX).then(|| self.next_due.saturating_sub(now));
        wait.map(|wait| Duration::from_millis(u64::try_from(wait).unwrap_or_default()))
    }

    /// Ends a claim other than well; false if it is no longer held.
    pub(super) async fn settle(&mut self, settlement: Settlement) -> sqlx::Result<bool> {
        let Settlement { claim, outcome, failure, .. } = settlement;
        self.begin().await?;
        match outcome {
            Outcome::Retry(after) => self.retry(claim, failure, after).await,
            Outcome::DeadLetter(reason) => self.bury(claim, failure, reason, false).await,
            Outcome::Park(reason) => self.bury(claim, failure, reason, true).await,
            // `Done` and `Skip` were served as batches without rows.
            _ => self.stop(claim).await,
        }
    }

    async fn retry(&mut self, claim: Claim, failure: Option<Failure>, after: Duration) -> sqlx::Result<bool> {
        let after = i64::try_from(after.as_micros().div_ceil(1_000)).unwrap_or(i64::MAX);
        let due = now().saturating_add(after);
        let state = if after > 0 { LATER } else { READY };
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, failure.as_ref().map(text))?;
        bind(&mut arguments, state)?;
        bind(&mut arguments, due)?;
        bind(&mut arguments, claim.id)?;
        bind(&mut arguments, claim.epoch)?;
        let rows = self.fetch_with(RETRY, arguments).await?;
        self.let_go(&rows, state, due)
    }

    async fn stop(&mut self, claim: Claim) -> sqlx::Result<bool> {
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, claim.id)?;
        bind(&mut arguments, claim.epoch)?;
        let rows = self.fetch_with(STOP, arguments).await?;
        self.let_go(&rows, READY, 0)
    }

    /// Notes that what is in `rows` is held no more, and can be claimed again.
    fn let_go(&mut self, rows: &[SqliteRow], state: i64, due: i64) -> sqlx::Result<bool> {
        for row in rows {
            self.offer(row.try_get(0)?, state, due);
            self.round.ended.push(row.try_get(1)?);
        }
        Ok(!rows.is_empty())
    }

    /// Gives back what was claimed for somebody who went away.
    pub(super) async fn give_back_orphans(&mut self) {
        if self.orphans.is_empty() || self.round.lost.is_some() {
            return;
        }
        let orphans = std::mem::take(&mut self.orphans);
        if let Err(error) = self.release(orphans).await {
            self.lose(&error);
        }
    }

    async fn release(&mut self, claims: Vec<Claim>) -> sqlx::Result<()> {
        self.begin().await?;
        for (sql, part) in RELEASE.split(claims) {
            let mut arguments = SqliteArguments::default();
            for claim in part {
                bind(&mut arguments, claim.id)?;
                bind(&mut arguments, claim.epoch)?;
            }
            let rows = self.fetch_with(sql, arguments).await?;
            self.let_go(&rows, READY, 0)?;
        }
        Ok(())
    }

    /// Appends `delivery` if the schedule has not fired at `due` or later.
    pub(super) async fn fire(
        &mut self,
        name: &str,
        due: Timestamp,
        delivery: Delivery,
    ) -> sqlx::Result<bool> {
        self.begin().await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, name.to_owned())?;
        bind(&mut arguments, i64::try_from(due.as_nanosecond()).unwrap_or(i64::MAX))?;
        if self.fetch_with(FIRE, arguments).await?.is_empty() && !mutant("timer_without_fence") {
            return Ok(false);
        }
        self.insert(vec![Stored::from(delivery)]).await?;
        Ok(true)
    }

    pub(super) async fn cancel(&mut self, message: Uuid) -> sqlx::Result<bool> {
        let (some, freed) = self.take_scheduled(message).await?;
        self.unblock(freed).await?;
        Ok(some)
    }
}

/// A failure as it is stored.
pub(super) fn text(failure: &Failure) -> String {
    serde_json::to_string(failure).expect("a failure is text and numbers")
}

/// A row that was claimed, if it is what was written.
fn read(row: &SqliteRow, claim: Claim) -> anywise_core::Result<Claimed> {
    let damaged = |error: sqlx::Error| Error::internal(format!("[AW7010] {error}"));
    let head: &str = row.try_get(8).map_err(damaged)?;
    let body: Vec<u8> = row.try_get(9).map_err(damaged)?;
    let (due, created): (i64, i64) = (row.try_get(4).map_err(damaged)?, row.try_get(5).map_err(damaged)?);
    let envelope = envelope(head, Bytes::from(body), row.try_get(6).map_err(damaged)?)?;
    let target: String = row.try_get(10).map_err(damaged)?;
    let due = (due > created).then(|| timestamp(due));
    let mut claimed = Claimed::new(claim, Delivery::new(target, envelope).due(due));
    claimed.attempts = count(row.try_get(2).map_err(damaged)?);
    claimed.losses = count(row.try_get(3).map_err(damaged)?);
    claimed.failures = failures(row.try_get(7).map_err(damaged)?);
    Ok(claimed)
}
