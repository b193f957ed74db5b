//! Claims: taking deliveries, keeping hold of them, and taking back what others
//! have lost hold of.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anywise_core::{Claim, Claimed, Claims, Delivery, Outcome, Result, Settlement, Want};
use bytes::Bytes;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::batch::Worker;
use crate::error::from_sqlx;
use crate::failpoint::{mutant, point};
use crate::postgres::Shared;
use crate::postgres::job::Job;
use crate::postgres::round::micros;
use crate::row::{count, envelope, failures};

/// What this process knows of its claims.
#[derive(Debug)]
pub(super) struct Holds {
    /// Claimed deliveries that are suspected of ending the process.
    suspects: Mutex<HashSet<i64>>,
    /// Claimed deliveries with a key.
    keyed: Mutex<HashSet<i64>>,
    /// When claims that ran out were last looked for.
    reaped: Mutex<Instant>,
}

impl Holds {
    pub(super) fn new() -> Self {
        Self { suspects: Mutex::default(), keyed: Mutex::default(), reaped: Mutex::new(Instant::now()) }
    }

    /// The claim has ended, one way or another.
    pub(super) fn let_go(&self, id: i64) {
        self.suspects().remove(&id);
        self.keyed().remove(&id);
    }

    /// Whether a claimed delivery has a key.
    pub(super) fn is_keyed(&self, id: i64) -> bool {
        self.keyed().contains(&id)
    }

    /// These were claimed.
    fn hold(&self, claimed: &[Claimed]) {
        let ids = |which: fn(&Claimed) -> bool| {
            claimed.iter().filter(move |one| which(one)).map(|one| one.claim.id)
        };
        self.suspects().extend(ids(Claimed::is_suspect));
        self.keyed().extend(ids(|one| one.delivery.envelope.key.is_some()));
    }

    fn suspects(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keyed(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.keyed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to look for claims that ran out.
    fn may_reap(&self, every: Duration) -> bool {
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = reaped.elapsed() >= every;
        if is_time {
            *reaped = Instant::now();
        }
        is_time
    }
}

/// Claims what is wanted. Run in a task of its own: what is claimed must reach
/// somebody, or be given back.
pub(super) async fn claim(shared: &Arc<Shared>, wants: &[Want], alone: bool) -> Result<Claims> {
    if shared.holds.may_reap((shared.options.lease / 4).min(Duration::from_secs(1))) {
        reap(shared).await?;
    }
    let alone = alone && shared.holds.suspects().is_empty();
    let mut search = shared.marks.search(wants, Instant::now());
    let mut found = ask(shared, wants, &search.lows, alone).await?;
    if found.is_due() {
        wake(shared, wants).await?;
    }
    let left = found.left(wants);
    let has_passed = left.iter().zip(&search.lows).any(|(left, low)| left.most > 0 && *low > 0);
    if found.is_due() || has_passed {
        search.lows.fill(0);
        let more = ask(shared, &left, &search.lows, alone && !found.has_suspect()).await?;
        found.add(more);
    }
    shared.marks.note(&search, wants, &found.claimed);
    if mutant("high_water_mark") {
        found.skip_below_the_mark();
    }
    point("queue.after_claim").await?;
    shared.holds.hold(&found.claimed);
    bury(shared, found.damaged).await;
    let next = found.next.map(|next| Duration::from_micros(u64::try_from(next).unwrap_or_default()));
    let mut claims = Claims::default();
    (claims.claimed, claims.next) = (found.claimed, next);
    Ok(claims)
}

/// Gives claims back, as if they had never been made.
pub(super) async fn give_back(shared: &Arc<Shared>, claims: impl Iterator<Item = Claim>) {
    let stop = |claim: Claim| {
        shared.holds.let_go(claim.id);
        Job::from(Settlement::new(claim, Outcome::Stop))
    };
    Arc::clone(shared).work(claims.map(stop).collect()).await;
}

/// Renews claims; answers with those that are held.
pub(super) async fn renew(shared: &Arc<Shared>, claims: &[Claim]) -> Result<Vec<Claim>> {
    point("lease.before_renew").await?;
    let mut connection = shared.passing.get().await.map_err(from_sqlx)?;
    let query = sqlx::query(shared.sql.renew.text())
        .bind(claims.iter().map(|claim| claim.id).collect::<Vec<_>>())
        .bind(claims.iter().map(|claim| claim.epoch).collect::<Vec<_>>())
        .bind(&shared.owner)
        .bind(micros(shared.options.lease));
    let rows = query.fetch_all(connection.raw()).await;
    connection.put_back_after(&rows);
    let rows = rows.map_err(from_sqlx)?;
    let held = rows.iter().map(|row| Ok(Claim { id: row.try_get(0)?, epoch: row.try_get(1)? }));
    let held: HashSet<_> = held.collect::<sqlx::Result<_>>().map_err(from_sqlx)?;
    claims.iter().filter(|claim| !held.contains(claim)).for_each(|claim| shared.holds.let_go(claim.id));
    Ok(claims.iter().copied().filter(|claim| held.contains(claim)).collect())
}

/// What one statement found.
#[derive(Default)]
struct Found {
    claimed: Vec<Claimed>,
    /// Claims of rows that are not what was written.
    damaged: Vec<(Claim, String)>,
    /// In how many microseconds the next is due that is not ready.
    next: Option<i64>,
}

impl Found {
    /// Something has become due that is not ready yet.
    fn is_due(&self) -> bool {
        self.next.is_some_and(|next| next <= 0)
    }

    fn has_suspect(&self) -> bool {
        self.claimed.iter().any(Claimed::is_suspect)
    }

    /// The room that is left.
    fn left(&self, wants: &[Want]) -> Vec<Want> {
        let mut taken = HashMap::<&str, u32>::new();
        for claimed in &self.claimed {
            *taken.entry(&claimed.delivery.target).or_default() += 1;
        }
        let left =
            |want: &Want| want.most.saturating_sub(taken.get(want.target.as_str()).copied().unwrap_or(0));
        wants.iter().map(|want| Want { target: want.target.clone(), most: left(want) }).collect()
    }

    /// A planted bug: what comes after a higher number is never seen.
    fn skip_below_the_mark(&mut self) {
        static MARK: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
        let mark = MARK.load(std::sync::atomic::Ordering::SeqCst);
        let last = self.claimed.iter().map(|one| one.claim.id).max().unwrap_or_default();
        self.claimed.retain(|one| one.claim.id > mark || !one.failures.is_empty());
        MARK.fetch_max(last, std::sync::atomic::Ordering::SeqCst);
    }

    fn add(&mut self, more: Self) {
        self.claimed.extend(more.claimed);
        self.claimed.sort_by_key(|claimed| claimed.claim.id);
        self.damaged.extend(more.damaged);
        self.next = more.next;
    }
}

async fn ask(shared: &Arc<Shared>, wants: &[Want], lows: &[i64], alone: bool) -> Result<Found> {
    let mut connection = shared.passing.get().await.map_err(from_sqlx)?;
    let query = sqlx::query(shared.sql.claim.text())
        .bind(wants.iter().map(|want| want.target.as_str()).collect::<Vec<_>>())
        .bind(wants.iter().map(|want| i64::from(want.most)).collect::<Vec<_>>())
        .bind(&shared.owner)
        .bind(micros(shared.options.lease))
        .bind(alone)
        .bind(lows);
    let rows = query.fetch_all(connection.raw()).await;
    connection.put_back_after(&rows);
    read(&rows.map_err(from_sqlx)?).map_err(from_sqlx)
}

fn read(rows: &[PgRow]) -> sqlx::Result<Found> {
    let mut found = Found::default();
    for row in rows {
        found.next = row.try_get("next")?;
        let Some(id) = row.try_get("id")? else { continue };
        let claim = Claim { id, epoch: row.try_get("epoch")? };
        let body = Bytes::from(row.try_get::<Vec<u8>, _>("body")?);
        match envelope(row.try_get("head")?, body, row.try_get("crc")?) {
            Ok(envelope) => {
                let mut claimed =
                    Claimed::new(claim, Delivery::new(row.try_get::<String, _>("target")?, envelope));
                claimed.attempts = number(row, "attempts")?;
                claimed.losses = number(row, "losses")?;
                claimed.failures = failures(row.try_get("failures")?);
                found.claimed.push(claimed);
            }
            Err(error) => found.damaged.push((claim, error.to_string())),
        }
    }
    Ok(found)
}

/// A small number of a row.
pub(super) fn number(row: &PgRow, column: &str) -> sqlx::Result<u32> {
    Ok(count(i64::from(row.try_get::<i32, _>(column)?)))
}

async fn bury(shared: &Arc<Shared>, damaged: Vec<(Claim, String)>) {
    if damaged.is_empty() {
        return;
    }
    tracing::error!(rows = damaged.len(), "stored messages are damaged, and are now dead letters [AW7010]");
    let bury = |(claim, reason)| Job::from(Settlement::new(claim, Outcome::DeadLetter(reason)));
    Arc::clone(shared).work(damaged.into_iter().map(bury).collect()).await;
}

async fn wake(shared: &Arc<Shared>, wants: &[Want]) -> Result<()> {
    let mut connection = shared.passing.get().await.map_err(from_sqlx)?;
    let targets: Vec<_> = wants.iter().map(|want| want.target.as_str()).collect();
    let woken = sqlx::query(shared.sql.wake.text()).bind(targets).execute(connection.raw()).await;
    connection.put_back_after(&woken);
    woken.map_err(from_sqlx)?;
    Ok(())
}

async fn reap(shared: &Arc<Shared>) -> Result<()> {
    let mut connection = shared.passing.get().await.map_err(from_sqlx)?;
    let lost = sqlx::query(shared.sql.reap.text()).execute(connection.raw()).await;
    connection.put_back_after(&lost);
    let lost = lost.map_err(from_sqlx)?.rows_affected();
    if lost > 0 {
        shared.marks.forget();
        tracing::warn!(deliveries = lost, "claims ran out: their process is gone, or stood still");
        point("lease.after_expiry").await?;
    }
    Ok(())
}
