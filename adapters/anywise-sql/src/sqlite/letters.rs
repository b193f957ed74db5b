//! Dead letters: making them, letting them go again, and forgetting.

use anywise_core::{Buried, Claim, DeadLetterId, Failure};
use bytes::Bytes;
use sqlx::Row;
use sqlx::sqlite::SqliteArguments;

use crate::failpoint::point;
use crate::row::{Stored, checksum};
use crate::sqlite::claims::text;
use crate::sqlite::plain::now;
use crate::sqlite::request::Sweep;
use crate::sqlite::statements::{
    BURY, DISCARD, INTER, IS_KNOWN, READY, REMOVE, REPLAY, REVIVE, SWEEP_INBOX, SWEEP_LETTERS, SWEEP_REPLIES,
    bind,
};
use crate::sqlite::writer::Writer;

impl Writer {
    /// Puts a claimed delivery among the dead letters; those behind it in its
    /// key stay where they are.
    pub(super) async fn bury(
        &mut self,
        claim: Claim,
        failure: Option<Failure>,
        reason: String,
        parked: bool,
    ) -> sqlx::Result<bool> {
        point("dead.before_insert").await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, failure.as_ref().map(text))?;
        bind(&mut arguments, i64::from(parked))?;
        bind(&mut arguments, reason)?;
        bind(&mut arguments, now())?;
        bind(&mut arguments, claim.id)?;
        bind(&mut arguments, claim.epoch)?;
        if self.execute_with(BURY, arguments).await?.rows_affected() == 0 {
            return Ok(false);
        }
        self.round.ended.push(claim.id);
        point("dead.after_insert").await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, claim.id)?;
        self.execute_with(REMOVE, arguments).await?;
        Ok(true)
    }

    /// Makes a delivery a dead letter that never was one, unless it is known.
    pub(super) async fn inter(&mut self, buried: Buried) -> sqlx::Result<()> {
        let Buried { delivery, failure, .. } = buried;
        let row = Stored::from(delivery);
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, row.msg_id.as_bytes().to_vec())?;
        bind(&mut arguments, row.target.clone())?;
        let known = self.fetch_with(IS_KNOWN, arguments).await?;
        if known.first().map_or(Ok(false), |row| row.try_get(0))? {
            return Ok(());
        }
        self.reserve(1).await?;
        self.last_id += 1;
        point("dead.before_insert").await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, self.last_id)?;
        bind(&mut arguments, failure.message.clone())?;
        bind(&mut arguments, now())?;
        bind(&mut arguments, failure.attempt)?;
        bind(&mut arguments, row.crc)?;
        bind(&mut arguments, row.msg_id.as_bytes().to_vec())?;
        bind(&mut arguments, row.target)?;
        bind(&mut arguments, row.name)?;
        bind(&mut arguments, format!("[{}]", text(&failure)))?;
        bind(&mut arguments, row.head)?;
        bind(&mut arguments, row.body.to_vec())?;
        self.execute_with(INTER, arguments).await?;
        point("dead.after_insert").await.map_err(Into::into)
    }

    /// Makes an open dead letter a delivery again, under its old number.
    pub(super) async fn replay(&mut self, id: DeadLetterId, body: Option<Bytes>) -> sqlx::Result<bool> {
        self.begin().await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, now())?;
        bind(&mut arguments, id.0)?;
        let rows = self.fetch_with(REPLAY, arguments).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        point("dead.replay_mid").await?;
        let crc = match &body {
            Some(body) => checksum(row.try_get(3)?, body),
            None => row.try_get(5)?,
        };
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, body.map_or_else(|| row.try_get(4), |body| Ok(body.to_vec()))?)?;
        bind(&mut arguments, crc)?;
        bind(&mut arguments, now())?;
        bind(&mut arguments, id.0)?;
        let revived = self.execute_with(REVIVE, arguments).await?.rows_affected() > 0;
        let (target, key): (String, Option<String>) = (row.try_get(1)?, row.try_get(2)?);
        if revived {
            self.offer(&target, READY, 0);
        } else if let Some(key) = key {
            // It has come again in the meantime: that one is delivered.
            self.unblock(vec![(target, key)]).await?;
        }
        Ok(true)
    }

    /// Gives an open dead letter up, and lets the next of its key go.
    pub(super) async fn discard(&mut self, id: DeadLetterId) -> sqlx::Result<bool> {
        self.begin().await?;
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, now())?;
        bind(&mut arguments, id.0)?;
        let rows = self.fetch_with(DISCARD, arguments).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        if let Some(key) = row.try_get(1)? {
            self.unblock(vec![(row.try_get(0)?, key)]).await?;
        }
        Ok(true)
    }

    /// Removes what is old or too much, the oldest first.
    pub(super) async fn sweep(&mut self, sweep: Sweep) -> sqlx::Result<u64> {
        let replies =
            self.remove_oldest(SWEEP_REPLIES, sweep.replies_before, sweep.surplus_replies, sweep.batch);
        let replies = replies.await?;
        point("gc.mid_batch").await?;
        let letters =
            self.remove_oldest(SWEEP_LETTERS, sweep.letters_before, sweep.surplus_letters, sweep.batch);
        let letters = letters.await?;
        let rows = replies + letters + self.sweep_inbox(&sweep).await?;
        if rows > 0 {
            self.execute("PRAGMA incremental_vacuum(64)").await?;
        }
        Ok(rows)
    }

    /// Of the oldest those that are too old; and the surplus, however old.
    async fn sweep_inbox(&mut self, sweep: &Sweep) -> sqlx::Result<u64> {
        let surplus = sweep.surplus_inbox.min(sweep.batch);
        let mut rows = 0;
        for (most, before) in [(surplus, i64::MAX), (sweep.batch - surplus, sweep.inbox_before)] {
            if most > 0 {
                let mut arguments = SqliteArguments::default();
                bind(&mut arguments, most)?;
                bind(&mut arguments, before)?;
                rows += self.execute_with(SWEEP_INBOX, arguments).await?.rows_affected();
            }
        }
        Ok(rows)
    }

    async fn remove_oldest(
        &mut self,
        sql: &'static str,
        before: i64,
        surplus: i64,
        batch: i64,
    ) -> sqlx::Result<u64> {
        self.begin().await?;
        let mut rows = 0;
        for (before, most) in [(i64::MAX, surplus.min(batch)), (before, batch - surplus.min(batch))] {
            if most > 0 {
                let mut arguments = SqliteArguments::default();
                bind(&mut arguments, before)?;
                bind(&mut arguments, most)?;
                rows += self.execute_with(sql, arguments).await?.rows_affected();
            }
        }
        Ok(rows)
    }
}
