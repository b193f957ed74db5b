//! Messages of brokers: those that are new are noted and kept, in one go.

use std::collections::HashMap;

use anywise_core::{Acceptance, Arrival};
use sqlx::Row;
use sqlx::sqlite::SqliteArguments;
use uuid::Uuid;

use crate::failpoint::{mutant, point};
use crate::row::Stored;
use crate::sqlite::plain::now;
use crate::sqlite::statements::{LAST_ARRIVAL, NOTE, NOTED, bind};
use crate::sqlite::writer::Writer;

/// An arrival, ready to be written.
pub(super) struct Noted {
    group: String,
    id: Uuid,
    fingerprint: Uuid,
    rows: Vec<Stored>,
}

impl From<Arrival> for Noted {
    fn from(arrival: Arrival) -> Self {
        let Arrival { mut group, id, fingerprint, deliveries, .. } = arrival;
        if mutant("inbox_by_id") {
            group.clear();
        }
        Self { group, id, fingerprint, rows: deliveries.into_iter().map(Stored::from).collect() }
    }
}

/// Group and message, and what it says.
type Mark = (String, Uuid, Uuid);

impl Writer {
    /// Notes messages and keeps the deliveries of those that are new.
    pub(super) async fn accept(&mut self, arrivals: Vec<Noted>) -> sqlx::Result<Vec<Acceptance>> {
        self.begin().await?;
        let (mut first, mut marks) = (HashMap::new(), Vec::new());
        for one in &arrivals {
            first.entry((one.group.clone(), one.id)).or_insert_with(|| {
                marks.push((one.group.clone(), one.id, one.fingerprint));
                marks.len() - 1
            });
        }
        let mut known = self.note(marks.clone()).await?;
        if mutant("no_inbox") {
            known.clear();
        }
        let mut seen = vec![false; marks.len()];
        let (mut acceptances, mut rows) = (Vec::with_capacity(arrivals.len()), Vec::new());
        for one in arrivals {
            let place = first[&(one.group, one.id)];
            let before = known.get(&place).copied();
            let before = before.or_else(|| std::mem::replace(&mut seen[place], true).then(|| marks[place].2));
            if before.is_none() {
                rows.extend(one.rows);
            }
            let known = |before| Acceptance::of(one.fingerprint, before);
            acceptances.push(before.map_or(Acceptance::New, known));
        }
        point("inbox.after_note").await?;
        self.insert(rows).await?;
        Ok(acceptances)
    }

    /// Notes what is not noted yet; answers with what was, by its place, and
    /// with what it said.
    async fn note(&mut self, marks: Vec<Mark>) -> sqlx::Result<HashMap<usize, Uuid>> {
        let last = self.fetch_with(LAST_ARRIVAL, SqliteArguments::default()).await?;
        let last: i64 = last.first().map_or(Ok(0), |row| row.try_get(0))?;
        let (now, mut known, mut place) = (now(), HashMap::new(), 0);
        for (sql, part) in NOTE.split(marks) {
            let mut arguments = SqliteArguments::default();
            for (group, id, fingerprint) in &part {
                bind(&mut arguments, now)?;
                bind(&mut arguments, id.as_bytes().to_vec())?;
                bind(&mut arguments, fingerprint.as_bytes().to_vec())?;
                bind(&mut arguments, group.clone())?;
            }
            let size = part.len();
            if self.execute_with(sql, arguments).await?.rows_affected() < size as u64 {
                self.find_known(last, place, part, &mut known).await?;
            }
            place += size;
        }
        Ok(known)
    }

    /// Which of these were noted before `last`.
    async fn find_known(
        &mut self,
        last: i64,
        place: usize,
        part: Vec<Mark>,
        known: &mut HashMap<usize, Uuid>,
    ) -> sqlx::Result<()> {
        for (at, (group, id, _)) in part.into_iter().enumerate() {
            let mut arguments = SqliteArguments::default();
            bind(&mut arguments, id.as_bytes().to_vec())?;
            bind(&mut arguments, group)?;
            bind(&mut arguments, last)?;
            if let Some(row) = self.fetch_with(NOTED, arguments).await?.first() {
                known.insert(place + at, Uuid::from_slice(row.try_get(0)?).unwrap_or_default());
            }
        }
        Ok(())
    }
}
