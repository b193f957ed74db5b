//! Rounds that no key is concerned by: no lane is locked, and one statement does
//! what several do otherwise.

use std::collections::HashSet;

use anywise_core::{Claim, Result};
use sqlx::Row;

use crate::error::from_sqlx;
use crate::failpoint::mutant;
use crate::postgres::Shared;
use crate::postgres::lanes::mark;
use crate::postgres::round::{Applied, Commit, Job, Verdict, bind_new};
use crate::postgres::transaction::Transaction;
use crate::row::Stored;

/// Does all of a round but the commit, if it is such a round.
///
/// # Errors
/// That the transaction has failed as a whole.
pub(super) async fn apply(
    shared: &Shared,
    transaction: &mut Transaction,
    jobs: &[Job],
) -> Result<Option<Applied>> {
    if let [Job::Commit(commit)] = jobs
        && let Some(claim) = only_ends(commit).filter(|claim| !shared.holds.is_keyed(claim.id))
    {
        let ended = finish(shared, transaction, claim).await?;
        // If it has not, what it was is found out the long way.
        return Ok(ended.then(|| Applied { verdicts: vec![Verdict::Kept], is_news: false }));
    }
    let Some(new) = only_appends(jobs) else { return Ok(None) };
    let query = bind_new(sqlx::query(shared.sql.append_only.text()), &new);
    let row = query.fetch_one(transaction.raw()).await.map_err(from_sqlx)?;
    mark(transaction, &row)?;
    Ok(Some(Applied { verdicts: vec![Verdict::Kept; jobs.len()], is_news: true }))
}

/// The claim that a commit ends, if it does nothing else.
fn only_ends(commit: &Commit) -> Option<Claim> {
    let Commit { append, done, cancel, remember, inter } = commit;
    let nothing_else = append.is_empty() && cancel.is_empty() && remember.is_none() && inter.is_empty();
    done.filter(|_| nothing_else && !mutant("lease_without_epoch") && !mutant("no_fence"))
}

/// What jobs append, each delivery once, if they do nothing else and there is no key.
fn only_appends(jobs: &[Job]) -> Option<Vec<&Stored>> {
    let (mut new, mut known) = (Vec::with_capacity(jobs.len()), HashSet::new());
    for job in jobs {
        let Job::Commit(commit) = job else { return None };
        let Commit { append, done: None, cancel, remember: None, inter } = &**commit else { return None };
        if !cancel.is_empty() || !inter.is_empty() || append.iter().any(|one| one.key.is_some()) {
            return None;
        }
        new.extend(append.iter().filter(|one| known.insert((one.msg_id, one.target.as_str()))));
    }
    (!new.is_empty()).then_some(new)
}

/// Ends the claim of a delivery without a key; false if it is not held, or has
/// one. From here on the transaction may write.
///
/// # Errors
/// As [`lock`](super::lanes::lock).
async fn finish(shared: &Shared, transaction: &mut Transaction, claim: Claim) -> Result<bool> {
    let query = sqlx::query(shared.sql.finish_one.text()).bind(claim.id).bind(claim.epoch);
    let row = query.fetch_one(transaction.raw()).await.map_err(from_sqlx)?;
    mark(transaction, &row)?;
    row.try_get("ended").map_err(from_sqlx)
}
