//! Messages of brokers: those that are new are noted and kept, in one go.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use anywise_core::{Acceptance, Arrival, Result};
use sqlx::Row;
use uuid::Uuid;

use crate::error::from_sqlx;
use crate::failpoint::point;
use crate::postgres::Shared;
use crate::postgres::job::News;
use crate::postgres::lanes::{Concerned, lock};
use crate::postgres::round::{append, release};
use crate::postgres::transaction::Transaction;
use crate::row::Stored;

/// Message and group.
type Mark = (Uuid, String);

/// Notes messages and keeps the deliveries of those that are new, in one
/// transaction.
pub(super) async fn accept(shared: &Arc<Shared>, arrivals: Vec<Arrival>) -> Result<Vec<Acceptance>> {
    if arrivals.is_empty() {
        return Ok(Vec::new());
    }
    let (arrivals, mut deliveries): (Vec<_>, Vec<_>) = arrivals.into_iter().map(taken_apart).unzip();
    let mut transaction = Transaction::begin(&shared.own).await.map_err(from_sqlx)?;
    lock(shared, &mut transaction, &concerned(&deliveries)).await?;
    let (acceptances, is_new) = note(shared, &mut transaction, &arrivals).await.map_err(from_sqlx)?;
    point("inbox.after_note").await?;
    let mut is_new = is_new.into_iter();
    deliveries.retain(|_| is_new.next().unwrap_or_default());
    let (mut known, mut new) = (HashSet::new(), deliveries.iter().flatten().collect::<Vec<_>>());
    new.retain(|row| known.insert((row.msg_id, row.target.as_str())));
    let mut news = News::None;
    if !new.is_empty() {
        let keys = append(&shared.sql, &mut transaction, &new).await.map_err(from_sqlx)?;
        news = if keys.is_empty() { News::New } else { News::Ready };
        release(&shared.sql, &mut transaction, keys.into_iter()).await.map_err(from_sqlx)?;
    }
    transaction.commit(&shared.own).await?;
    shared.announce(news);
    Ok(acceptances)
}

/// What identifies an arrival, what it says, and what it brings.
fn taken_apart(arrival: Arrival) -> ((Mark, Uuid), Vec<Stored>) {
    let Arrival { group, id, fingerprint, deliveries, .. } = arrival;
    (((id, group), fingerprint), deliveries.into_iter().map(Stored::from).collect())
}

fn concerned(deliveries: &[Vec<Stored>]) -> Concerned {
    let keyed = deliveries.iter().flatten().filter_map(|row| Some((row.target.clone(), row.key.clone()?)));
    let (targets, keys) = keyed.unzip();
    Concerned { targets, keys, ..Concerned::default() }
}

/// Notes what is not noted yet; says of each what has become of it, and whether
/// it is new.
async fn note(
    shared: &Shared,
    transaction: &mut Transaction,
    arrivals: &[(Mark, Uuid)],
) -> sqlx::Result<(Vec<Acceptance>, Vec<bool>)> {
    // The first of each counts.
    let mut first = HashMap::new();
    for (mark, says) in arrivals {
        first.entry(mark).or_insert(*says);
    }
    let ids: Vec<_> = first.keys().map(|(id, _)| *id).collect();
    let groups: Vec<_> = first.keys().map(|(_, group)| group.clone()).collect();
    let says: Vec<_> = first.values().copied().collect();
    let query = sqlx::query(shared.sql.note.text()).bind(&ids).bind(says).bind(&groups);
    let rows = query.fetch_all(transaction.raw()).await?;
    let mark = |row: &sqlx::postgres::PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
    let mut new = rows.iter().map(mark).collect::<sqlx::Result<HashSet<Mark>>>()?;
    let mut before = HashMap::new();
    if new.len() < first.len() {
        let query = sqlx::query(shared.sql.noted.text()).bind(&ids).bind(&groups);
        for row in query.fetch_all(transaction.raw()).await? {
            before.insert(mark(&row)?, row.try_get::<Uuid, _>(2)?);
        }
    }
    let known = |mark: &Mark| before.get(mark).or_else(|| first.get(mark)).copied().unwrap_or_default();
    let acceptance = |(mark, says): &(Mark, Uuid)| {
        if new.remove(mark) { Acceptance::New } else { Acceptance::of(*says, known(mark)) }
    };
    let acceptances: Vec<_> = arrivals.iter().map(acceptance).collect();
    let is_new = acceptances.iter().map(|one| *one == Acceptance::New).collect();
    Ok((acceptances, is_new))
}
