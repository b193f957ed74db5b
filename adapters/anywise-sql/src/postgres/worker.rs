//! Carries out rounds: one transaction for all, or for each if one spoils it.

use std::sync::Arc;

use anywise_core::{BoxFuture, Error, Result};

use crate::batch::Worker;
use crate::error::from_sqlx;
use crate::failpoint::point;
use crate::postgres::Shared;
use crate::postgres::job::{Job, Verdict};
use crate::postgres::pool::is_answer;
use crate::postgres::round::apply;
use crate::postgres::transaction::Transaction;

impl Worker for Shared {
    type Request = Job;
    type Answer = Verdict;

    fn work(self: Arc<Self>, round: Vec<Job>) -> BoxFuture<'static, Vec<Result<Verdict>>> {
        Box::pin(async move {
            let (alone, together): (Vec<_>, Vec<_>) =
                round.into_iter().enumerate().partition(|(_, job)| job.goes_alone());
            let (mut places, jobs): (Vec<_>, Vec<_>) = together.into_iter().unzip();
            let mut results = carry_out(&self, &jobs).await;
            for (place, job) in alone {
                places.push(place);
                results.extend(carry_out(&self, &[job]).await);
            }
            let mut answers: Vec<_> = places.into_iter().zip(results).collect();
            answers.sort_by_key(|(place, _)| *place);
            answers.into_iter().map(|(_, result)| result).collect()
        })
    }
}

async fn carry_out(shared: &Arc<Shared>, jobs: &[Job]) -> Vec<Result<Verdict>> {
    if jobs.is_empty() {
        return Vec::new();
    }
    match transact(shared, jobs).await {
        Ok(verdicts) => verdicts.into_iter().map(Ok).collect(),
        Err(error) if jobs.len() > 1 && is_of_one(&error) => {
            let mut results = Vec::with_capacity(jobs.len());
            for job in jobs.chunks(1) {
                results.push(transact(shared, job).await.map(|verdicts| verdicts[0]));
            }
            results
        }
        Err(error) => jobs.iter().map(|_| Err(same(&error))).collect(),
    }
}

/// One transaction. Of a single job nothing is kept that is not kept whole.
async fn transact(shared: &Arc<Shared>, jobs: &[Job]) -> Result<Vec<Verdict>> {
    let mut transaction = Transaction::begin(&shared.own).await.map_err(from_sqlx)?;
    let applied = match apply(shared, &mut transaction, jobs).await {
        Ok(applied) => applied,
        Err(error) => {
            transaction.rollback().await;
            return Err(error);
        }
    };
    if applied.verdicts.iter().all(|verdict| *verdict != Verdict::Kept) {
        transaction.rollback().await;
        return Ok(applied.verdicts);
    }
    point("batch.before_fsync").await?;
    transaction.commit(&shared.own).await?;
    point("batch.after_fsync_before_reply").await?;
    shared.announce(applied.news);
    Ok(applied.verdicts)
}

/// Whether the database refused something that one job brought, so that the
/// others may still succeed.
fn is_of_one(error: &Error) -> bool {
    error.code() != "AW7005" && error.downcast_ref::<sqlx::Error>().is_some_and(is_answer)
}

/// The same error, for another caller.
pub(super) fn same(error: &Error) -> Error {
    if error.is_unknown_outcome() {
        return Error::unknown_outcome(error.message().to_owned());
    }
    let same = Error::new(error.kind(), error.code().to_owned(), error.message().to_owned());
    match error.retry_after() {
        Some(after) => same.with_retry_after(after),
        None => same,
    }
}
