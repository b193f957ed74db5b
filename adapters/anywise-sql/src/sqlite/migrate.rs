//! The slices' own tables, brought up to date by the writer.

use anywise_core::{Error, Kind, Result};
use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::sqlite::SqliteArguments;

use crate::error::from_sqlx;
use crate::failpoint::point;
use crate::migration::{Applied, Pending, pending};
use crate::sqlite::plain::now;
use crate::sqlite::statements::bind;
use crate::sqlite::writer::Writer;

impl Writer {
    /// Applies what is missing of the slices' migrations, each in a transaction
    /// of its own.
    ///
    /// # Errors
    /// `AW7007`, `AW7008`: they do not fit what was applied; `AW7008`: one fails.
    pub(super) async fn migrate(&mut self, slices: &[&'static str]) -> Result<()> {
        let applied = self.applied().await.map_err(from_sqlx)?;
        for step in pending(slices, &applied, |step| step.sqlite)? {
            if let Err(error) = self.apply_step(&step).await {
                drop(self.execute("ROLLBACK").await);
                return Err(failed(&step, error));
            }
        }
        Ok(())
    }

    async fn applied(&mut self) -> sqlx::Result<Vec<Applied>> {
        let rows =
            self.fetch_with("SELECT slice, name, sum FROM aw_migration", SqliteArguments::default()).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Applied { slice: row.try_get(0)?, name: row.try_get(1)?, sum: row.try_get(2)? })
        };
        rows.iter().map(read).collect()
    }

    async fn apply_step(&mut self, step: &Pending) -> sqlx::Result<()> {
        self.execute("BEGIN IMMEDIATE").await?;
        let mut results = sqlx::raw_sql(step.sql).execute_many(&mut self.connection);
        while results.try_next().await?.is_some() {
            point("migrate.each_statement").await?;
        }
        drop(results);
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, step.slice)?;
        bind(&mut arguments, step.name)?;
        bind(&mut arguments, step.sum)?;
        bind(&mut arguments, now())?;
        let note = "INSERT INTO aw_migration (slice, name, sum, at) VALUES (?, ?, ?, ?)";
        self.execute_with(note, arguments).await?;
        self.execute("COMMIT").await.map(drop)
    }
}

fn failed(step: &Pending, error: sqlx::Error) -> Error {
    let text = format!("the migration `{}` of `{}` failed, and was undone: {error}", step.name, step.slice);
    Error::new(Kind::Internal, "AW7008", text).with_source(error)
}
