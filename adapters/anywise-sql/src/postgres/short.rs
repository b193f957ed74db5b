//! Rounds that no key is concerned by: no lane is locked, and one statement does
//! what several do otherwise.

use std::collections::HashSet;

use anywise_core::{Claim, Outcome, Result};
use sqlx::Row;

use crate::error::from_sqlx;
use crate::failpoint::mutant;
use crate::postgres::Shared;
use crate::postgres::job::{Applied, Commit, Job, News, Verdict};
use crate::postgres::lanes::mark;
use crate::postgres::round::{self, bind_claims, bind_new};
use crate::postgres::transaction::Transaction;
use crate::row::Stored;

/// What such a round does.
#[derive(Default)]
struct Short<'j> {
    /// Each with the place of its job.
    finish: Vec<(usize, Claim)>,
    append: Vec<&'j Stored>,
}

/// Does all of a round but the commit, if it is such a round.
///
/// # Errors
/// That the transaction has failed as a whole.
pub(super) async fn apply(
    shared: &Shared,
    transaction: &mut Transaction,
    jobs: &[Job],
) -> Result<Option<Applied>> {
    let Some(short) = Short::of(shared, jobs) else { return Ok(None) };
    let news = if short.append.is_empty() { News::None } else { News::New };
    let mut ended = short.write(shared, transaction).await?;
    // Of those that end the same claim, the first does. The others are claims
    // that are lost, or that this process does not know to have a key.
    let open: Vec<_> = short.finish.into_iter().filter(|(_, claim)| !ended.remove(&claim.id)).collect();
    if open.is_empty() {
        return Ok(Some(Applied { verdicts: vec![Verdict::Kept; jobs.len()], news }));
    }
    let mut applied = round::end(shared, transaction, jobs.len(), open).await?;
    applied.news = applied.news.max(news);
    Ok(Some(applied))
}

impl<'j> Short<'j> {
    fn of(shared: &Shared, jobs: &'j [Job]) -> Option<Self> {
        let (mut short, mut known) = (Self::default(), HashSet::new());
        for (place, job) in jobs.iter().enumerate() {
            let (done, append) = match job {
                Job::Commit(commit) => only_ends_or_appends(commit)?,
                Job::Settle(settlement) => match settlement.outcome {
                    Outcome::Done(_) | Outcome::Skip => (Some(settlement.claim), &[][..]),
                    _ => return None,
                },
            };
            // What is appended must not be there if the claim is lost, which only
            // the end of the whole transaction prevents.
            if done.is_some() && !append.is_empty() && jobs.len() > 1 {
                return None;
            }
            let is_keyed = done.is_some_and(|claim| shared.holds.is_keyed(claim.id));
            if is_keyed || append.iter().any(|one| one.key.is_some()) {
                return None;
            }
            short.finish.extend(done.map(|claim| (place, claim)));
            short.append.extend(append.iter().filter(|one| known.insert((one.msg_id, one.target.as_str()))));
        }
        let is_fenced = !mutant("lease_without_epoch") && !mutant("no_fence");
        (short.finish.is_empty() || is_fenced).then_some(short)
    }

    /// The claims that have ended: those that were held. From here on the
    /// transaction may write.
    ///
    /// # Errors
    /// As [`lock`](super::lanes::lock).
    async fn write(&self, shared: &Shared, transaction: &mut Transaction) -> Result<HashSet<i64>> {
        let sql = &shared.sql;
        let query = match (self.finish.as_slice(), self.append.as_slice()) {
            ([], new) => bind_new(sqlx::query(sql.append_only.text()), new),
            ([(_, claim)], []) => sqlx::query(sql.end_one.text()).bind(claim.id).bind(claim.epoch),
            (finish, []) => bind_claims(sqlx::query(sql.end.text()), finish),
            (finish, new) => bind_claims(bind_new(sqlx::query(sql.end_and_append.text()), new), finish),
        };
        let row = query.fetch_one(transaction.raw()).await.map_err(from_sqlx)?;
        mark(transaction, &row)?;
        let ended: Vec<i64> = row.try_get("ended").map_err(from_sqlx)?;
        Ok(ended.into_iter().collect())
    }
}

/// The claim that a commit ends and what it appends, if it does nothing else.
fn only_ends_or_appends(commit: &Commit) -> Option<(Option<Claim>, &[Stored])> {
    let Commit { append, done, cancel, remember, inter } = commit;
    let nothing_else = cancel.is_empty() && remember.is_none() && inter.is_empty();
    nothing_else.then_some((*done, append))
}
