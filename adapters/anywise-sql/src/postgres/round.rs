//! Many callers' commits and settlements in one transaction, or one caller's in
//! theirs.
//!
//! The order of its statements is what keeps each key in order:
//!
//! 1. the lanes of every key concerned are locked, in order, until the commit:
//!    of the keys of what is appended, and of what ends. A statement sees what
//!    was committed before it began, so what follows sees all that the previous
//!    holder of the lane did; and numbers are given in the order of commits;
//! 2. claims end, each only if it is still held (number, epoch and state);
//! 3. replies are remembered, each only if nothing is remembered yet;
//! 4. what is new is appended: ready, or behind what is there of its key;
//! 5. what was cancelled is removed, and what is to be a dead letter is one;
//! 6. the first of each key of which something ended is let go.
//!
//! A member whose claim or memory is gone is left out of the later steps; the
//! others are not concerned. A member with both could fail after its claim has
//! ended, so it goes [alone](Job::goes_alone).

use std::collections::HashSet;
use std::time::Duration;

use anywise_core::{Claim, Outcome, Remembered, Result, Settlement};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};
use uuid::Uuid;

use crate::error::from_sqlx;
use crate::failpoint::{mutant, point};
use crate::postgres::job::{Applied, Commit, Interred, Job, News, Verdict, as_json, plain};
use crate::postgres::lanes::{Concerned, lock};
use crate::postgres::statements::Statements;
use crate::postgres::transaction::Transaction;
use crate::postgres::{Shared, short};
use crate::row::Stored;

/// Does all of it but the commit. The verdicts are in the order of the jobs.
///
/// # Errors
/// That the transaction has failed as a whole.
pub(super) async fn apply(shared: &Shared, transaction: &mut Transaction, jobs: &[Job]) -> Result<Applied> {
    point("tx.after_business").await?;
    if let Some(applied) = short::apply(shared, transaction, jobs).await? {
        point("tx.after_outbox").await?;
        return Ok(applied);
    }
    let applied = Round::new(jobs).apply(shared, transaction).await?;
    point("tx.after_outbox").await?;
    Ok(applied)
}

/// Ends claims of the jobs at these places, and does nothing else of `jobs` jobs.
///
/// # Errors
/// That the transaction has failed as a whole.
pub(super) async fn end(
    shared: &Shared,
    transaction: &mut Transaction,
    jobs: usize,
    finish: Vec<(usize, Claim)>,
) -> Result<Applied> {
    let round = Round { verdicts: vec![Verdict::Kept; jobs], finish, ..Round::default() };
    round.apply(shared, transaction).await
}

/// Target and key.
type Key = (String, String);

/// The jobs, taken apart by what is done in one statement. Each part knows its
/// job by its place.
#[derive(Default)]
struct Round<'j> {
    verdicts: Vec<Verdict>,
    finish: Vec<(usize, Claim)>,
    again: Vec<(usize, Again)>,
    bury: Vec<(usize, Bury<'j>)>,
    remember: Vec<(usize, &'j Remembered)>,
    append: Vec<(usize, &'j Stored)>,
    cancel: Vec<(usize, Uuid)>,
    inter: Vec<(usize, &'j Interred)>,
    touched: HashSet<Key>,
    news: News,
}

struct Again {
    claim: Claim,
    after: i64,
    back: i32,
    failure: Option<String>,
}

struct Bury<'j> {
    claim: Claim,
    reason: &'j str,
    parked: bool,
    failure: Option<String>,
}

impl<'j> Round<'j> {
    fn new(jobs: &'j [Job]) -> Self {
        let mut round = Self { verdicts: vec![Verdict::Kept; jobs.len()], ..Self::default() };
        for (place, job) in jobs.iter().enumerate() {
            match job {
                Job::Commit(batch) => round.add_batch(place, batch),
                Job::Settle(settlement) => round.add_settlement(place, settlement),
            }
        }
        round
    }

    fn add_batch(&mut self, place: usize, batch: &'j Commit) {
        self.append.extend(batch.append.iter().map(|new| (place, new)));
        self.finish.extend(batch.done.map(|claim| (place, claim)));
        self.cancel.extend(batch.cancel.iter().map(|message| (place, *message)));
        self.remember.extend(batch.remember.iter().map(|reply| (place, reply)));
        self.inter.extend(batch.inter.iter().map(|one| (place, one)));
    }

    fn add_settlement(&mut self, place: usize, settlement: &'j Settlement) {
        let claim = settlement.claim;
        let failure = settlement.failure.as_ref().map(as_json);
        match &settlement.outcome {
            Outcome::Done(_) | Outcome::Skip => self.finish.push((place, claim)),
            Outcome::Retry(after) => {
                self.again.push((place, Again { claim, after: micros(*after), back: 0, failure }));
            }
            Outcome::Stop => self.again.push((place, Again { claim, after: 0, back: 1, failure: None })),
            Outcome::DeadLetter(reason) => {
                self.bury.push((place, Bury { claim, reason, parked: false, failure }));
            }
            Outcome::Park(reason) => self.bury.push((place, Bury { claim, reason, parked: true, failure })),
            // Nothing is lost by holding it back.
            _ => self.bury.push((place, Bury { claim, reason: "unknown outcome", parked: true, failure })),
        }
    }

    async fn apply(mut self, shared: &Shared, transaction: &mut Transaction) -> Result<Applied> {
        self.lock(shared, transaction).await?;
        self.write(&shared.sql, transaction).await.map_err(from_sqlx)?;
        Ok(Applied { verdicts: self.verdicts, news: self.news })
    }

    /// Step 1.
    async fn lock(&self, shared: &Shared, transaction: &mut Transaction) -> Result<()> {
        let keyed = || self.append.iter().filter_map(|(_, new)| Some((&new.target, new.key.as_ref()?)));
        // As if their message were their key: two that bury the same wait for each other.
        let interred = || self.inter.iter().map(|(_, one)| &one.row);
        let concerned = Concerned {
            targets: keyed()
                .map(|(target, _)| target.clone())
                .chain(interred().map(|row| row.target.clone()))
                .collect(),
            keys: keyed()
                .map(|(_, key)| key.clone())
                .chain(interred().map(|row| row.msg_id.to_string()))
                .collect(),
            deliveries: self.finish.iter().map(|(_, claim)| claim.id).collect(),
            messages: self.cancel.iter().map(|(_, message)| *message).collect(),
            letters: Vec::new(),
        };
        lock(shared, transaction, &concerned).await
    }

    /// Steps 2 to 6.
    async fn write(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        self.finish(sql, transaction).await?;
        self.again(sql, transaction).await?;
        self.bury(sql, transaction).await?;
        self.remember(sql, transaction).await?;
        self.append(sql, transaction).await?;
        self.cancel(sql, transaction).await?;
        self.inter(sql, transaction).await?;
        if !self.touched.is_empty() {
            self.news = News::Ready;
        }
        release(sql, transaction, self.touched.drain()).await
    }

    async fn finish(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        if self.finish.is_empty() {
            return Ok(());
        }
        let query = bind_claims(sqlx::query(sql.finish.text()), &self.finish);
        let ended = query.fetch_all(transaction.raw()).await?;
        let mut held = ids(&ended)?;
        self.touch(&ended)?;
        for (place, claim) in &self.finish {
            judge(&mut self.verdicts, *place, held.remove(&claim.id) || mutant("no_fence"), Verdict::Lost);
        }
        Ok(())
    }

    async fn again(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        if self.again.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(sql.again.text())
            .bind(column(&self.again, |again| again.claim.id))
            .bind(column(&self.again, |again| again.claim.epoch))
            .bind(column(&self.again, |again| again.after))
            .bind(column(&self.again, |again| again.back))
            .bind(column(&self.again, |again| again.failure.clone()));
        let mut held = ids(&query.fetch_all(transaction.raw()).await?)?;
        self.news = News::Ready;
        for (place, again) in &self.again {
            judge(&mut self.verdicts, *place, held.remove(&again.claim.id), Verdict::Lost);
        }
        Ok(())
    }

    async fn bury(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        if self.bury.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(sql.bury.text())
            .bind(column(&self.bury, |bury| bury.claim.id))
            .bind(column(&self.bury, |bury| bury.claim.epoch))
            .bind(column(&self.bury, |bury| plain(bury.reason)))
            .bind(column(&self.bury, |bury| bury.parked))
            .bind(column(&self.bury, |bury| bury.failure.clone()));
        let mut held = ids(&query.fetch_all(transaction.raw()).await?)?;
        point("dead.after_insert").await?;
        for (place, bury) in &self.bury {
            judge(&mut self.verdicts, *place, held.remove(&bury.claim.id), Verdict::Lost);
        }
        Ok(())
    }

    async fn remember(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        let verdicts = &self.verdicts;
        self.remember.retain(|(place, _)| verdicts[*place] == Verdict::Kept);
        if self.remember.is_empty() {
            return Ok(());
        }
        // In one order everywhere, so that no two rounds wait for each other.
        self.remember.sort_by(|(_, one), (_, other)| one.memory.as_str().cmp(other.memory.as_str()));
        let query = sqlx::query(sql.remember.text())
            .bind(column(&self.remember, |reply| reply.memory.as_str().to_owned()))
            .bind(column(&self.remember, |reply| reply.fingerprint))
            .bind(column(&self.remember, |reply| reply.reply.to_vec()))
            .bind(column(&self.remember, |reply| reply.content_type.clone()));
        let rows = query.fetch_all(transaction.raw()).await?;
        point("idem.after_insert").await?;
        let mut kept = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<HashSet<String>>>()?;
        for (place, reply) in &self.remember {
            judge(&mut self.verdicts, *place, kept.remove(reply.memory.as_str()), Verdict::Answered);
        }
        Ok(())
    }

    async fn append(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        let verdicts = &self.verdicts;
        let mut known = HashSet::new();
        self.append.retain(|(place, new)| {
            verdicts[*place] == Verdict::Kept && known.insert((new.msg_id, new.target.as_str()))
        });
        if self.append.is_empty() {
            return Ok(());
        }
        let new: Vec<_> = self.append.drain(..).map(|(_, new)| new).collect();
        self.news = self.news.max(News::New);
        let keys = append(sql, transaction, &new).await?;
        self.touched.extend(keys);
        Ok(())
    }

    async fn cancel(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        let verdicts = &self.verdicts;
        self.cancel.retain(|(place, _)| verdicts[*place] == Verdict::Kept);
        if self.cancel.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(sql.cancel.text()).bind(column(&self.cancel, |message| *message));
        let gone = query.fetch_all(transaction.raw()).await?;
        self.touch(&gone)
    }

    async fn inter(&mut self, sql: &Statements, transaction: &mut Transaction) -> sqlx::Result<()> {
        let verdicts = &self.verdicts;
        let mut known = HashSet::new();
        self.inter.retain(|(place, one)| {
            verdicts[*place] == Verdict::Kept && known.insert((one.row.msg_id, one.row.target.as_str()))
        });
        if self.inter.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(sql.inter.text())
            .bind(column(&self.inter, |one| one.row.msg_id))
            .bind(column(&self.inter, |one| one.row.target.clone()))
            .bind(column(&self.inter, |one| one.row.name.clone()))
            .bind(column(&self.inter, |one| one.row.head.clone()))
            .bind(column(&self.inter, |one| one.row.body.to_vec()))
            .bind(column(&self.inter, |one| one.row.crc))
            .bind(column(&self.inter, |one| one.reason.clone()))
            .bind(column(&self.inter, |one| one.attempts))
            .bind(column(&self.inter, |one| one.failure.clone()));
        query.execute(transaction.raw()).await?;
        point("dead.after_insert").await?;
        Ok(())
    }

    fn touch(&mut self, gone: &[PgRow]) -> sqlx::Result<()> {
        self.touched.extend(keys(gone)?);
        Ok(())
    }
}

/// Appends, and answers with the keys at whose head something may wait that
/// nothing will let go: those of a batch of which something was kept already.
pub(super) async fn append(
    sql: &Statements,
    transaction: &mut Transaction,
    new: &[&Stored],
) -> sqlx::Result<Vec<Key>> {
    let is_keyed = new.iter().any(|new| new.key.is_some());
    let text = if is_keyed { sql.append_keyed.text() } else { sql.append.text() };
    let mut query = bind_new(sqlx::query(text), new);
    if is_keyed {
        query = query.bind(new.iter().map(|new| new.key.as_deref()).collect::<Vec<_>>());
    }
    let kept = query.execute(transaction.raw()).await?.rows_affected();
    if !is_keyed || kept == new.len() as u64 {
        return Ok(Vec::new());
    }
    Ok(new.iter().filter_map(|new| Some((new.target.clone(), new.key.clone()?))).collect())
}

/// Fills in what is appended, but for the keys.
pub(super) fn bind_new<'q>(
    query: Query<'q, Postgres, PgArguments>,
    new: &[&Stored],
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(new.iter().map(|new| new.msg_id).collect::<Vec<_>>())
        .bind(new.iter().map(|new| new.target.as_str()).collect::<Vec<_>>())
        .bind(new.iter().map(|new| new.name.as_str()).collect::<Vec<_>>())
        .bind(new.iter().map(|new| new.head.as_str()).collect::<Vec<_>>())
        .bind(new.iter().map(|new| &new.body[..]).collect::<Vec<_>>())
        .bind(new.iter().map(|new| new.crc).collect::<Vec<_>>())
        .bind(new.iter().map(|new| new.due).collect::<Vec<_>>())
}

/// Fills in the claims that end.
pub(super) fn bind_claims<'q>(
    query: Query<'q, Postgres, PgArguments>,
    finish: &[(usize, Claim)],
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(finish.iter().map(|(_, claim)| claim.id).collect::<Vec<_>>())
        .bind(finish.iter().map(|(_, claim)| claim.epoch).collect::<Vec<_>>())
}

/// Lets the first of each key go.
pub(super) async fn release(
    sql: &Statements,
    transaction: &mut Transaction,
    keys: impl Iterator<Item = Key>,
) -> sqlx::Result<()> {
    let (targets, keys): (Vec<_>, Vec<_>) = keys.unzip();
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query(sql.release.text()).bind(targets).bind(keys).execute(transaction.raw()).await?;
    Ok(())
}

/// The keys of rows with a `target` and a `key`.
pub(super) fn keys(rows: &[PgRow]) -> sqlx::Result<Vec<Key>> {
    let key =
        |row: &PgRow| Ok(row.try_get::<Option<String>, _>("key")?.map(|key| (row.try_get("target"), key)));
    rows.iter()
        .filter_map(|row| key(row).transpose())
        .map(|found| found.and_then(|(target, key)| Ok((target?, key))))
        .collect()
}

fn ids(rows: &[PgRow]) -> sqlx::Result<HashSet<i64>> {
    rows.iter().map(|row| row.try_get("id")).collect()
}

fn column<P, T>(part: &[(usize, P)], field: impl Fn(&P) -> T) -> Vec<T> {
    part.iter().map(|(_, part)| field(part)).collect()
}

fn judge(verdicts: &mut [Verdict], place: usize, is_fine: bool, otherwise: Verdict) {
    if !is_fine {
        verdicts[place] = otherwise;
    }
}

/// In microseconds; a hundred years at most.
pub(super) fn micros(time: Duration) -> i64 {
    const LONGEST: i64 = 100 * 365 * 24 * 3_600 * 1_000_000;
    i64::try_from(time.as_micros()).map_or(LONGEST, |micros| micros.min(LONGEST))
}
